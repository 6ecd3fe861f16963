//! The panic hook: alone in its binary, because a hook belongs to the whole program.

mod support;

use std::thread;

use kit_log::{Logger, Queue, log_panics, logfmt};
use support::Writes;

#[test]
fn a_panic_of_any_thread_is_a_flushed_line_with_the_guard_still_held() {
    let writes = Writes::default();
    let (drain, _guard) = logfmt(writes.clone()).spawn(Queue::default()).expect("a thread");
    log_panics(Logger::new(drain));
    let panicked = thread::Builder::new().name("worker 7".into()).spawn(|| panic!("no {}", "more")).expect("a thread");
    assert!(panicked.join().is_err());
    let line = writes.line();
    assert!(line.starts_with("level=error msg=panic panic=\"no more\" at="), "{line}");
    assert!(line.contains("tests/panics.rs:") && line.ends_with(" thread=\"worker 7\""), "{line}");
}
