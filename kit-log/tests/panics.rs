//! The panic hook: alone in its binary, because a hook belongs to the whole program.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use kit_core::recover::{RecoverLayer, set_panic_hook};
use kit_core::{Context, Endpoint as _, Layer as _, request_fn};
use kit_log::request::RequestLogLayer;
use kit_log::{Logger, Queue, log_panics, logfmt};
use support::Writes;

#[tokio::test]
async fn a_panic_is_one_line_its_own_or_that_of_the_call_it_ended() {
    let writes = Writes::default();
    let (drain, _guard) = logfmt(writes.clone()).spawn(Queue::default()).expect("a thread");
    let log = Logger::new(drain);
    // There is one hook, and the last that was set holds.
    static ELSEWHERE: AtomicU32 = AtomicU32::new(0);
    set_panic_hook(|_| {
        ELSEWHERE.fetch_add(1, Ordering::Relaxed);
    });
    log_panics(log.clone());

    // Of a thread: flushed with the guard still held, before the thread unwinds.
    let panicked = thread::Builder::new().name("worker 7".into()).spawn(|| panic!("no {}", "more")).expect("a thread");
    assert!(panicked.join().is_err());
    let line = writes.line();
    assert!(line.starts_with("level=error msg=panic panic=\"no more\" at="), "{line}");
    assert!(line.contains("tests/panics.rs:") && line.ends_with(" thread=\"worker 7\""), "{line}");

    // Of a call: in the line of the call, with the same place.
    let endpoint = request_fn(async |divisor: u32| Ok(10 / divisor)).layer(RecoverLayer::new());
    let endpoint = RequestLogLayer::server(&log).layer(endpoint);
    assert!(endpoint.call(&mut Context::new(), 0).await.is_err());
    log.flush().expect("the writer takes it");
    let call = writes.line();
    assert!(call.starts_with("level=error msg=request ") && call.contains("attempt to divide by zero"), "{call}");
    assert!(call.contains("tests/panics.rs:"), "{call}");
    assert_eq!(ELSEWHERE.load(Ordering::Relaxed), 0);
}
