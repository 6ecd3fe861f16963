//! Values made when a line is printed, and values that log while they are.

mod support;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use kit_log::{Config, Format, Logger, Utc, caller, debug, info, json, lazy, log, logfmt, o, timestamp_from};
use support::{Still, Writes};

const SOME_DAY: Duration = Duration::new(1_795_285_385, 7);

#[test]
fn a_lazy_value_is_made_for_each_line_printed_and_for_none_refused() {
    let writes = Writes::default();
    let calls = Arc::new(AtomicU32::new(0));
    let log = Logger::new(logfmt(writes.clone())).with(o!("n" => lazy({
        let calls = Arc::clone(&calls);
        move || calls.fetch_add(1, Ordering::Relaxed)
    })));
    info!(log, "a");
    debug!(log, "refused");
    info!(log, "b");
    assert_eq!(writes.take(), ["level=info n=0 msg=a\n", "level=info n=1 msg=b\n"]);
    info!(log.with(o!("password" => lazy(|| "secret"))), "c"; "n" => 7);
    assert_eq!(writes.line(), "level=info password=[redacted] msg=c n=7");
}

#[test]
fn a_configured_line_says_when_and_where_right_after_its_level() {
    let clock = Still::at(SOME_DAY);
    let writes = Writes::default();
    for format in [Format::Logfmt, Format::Json] {
        let config = Config { format, caller: true, ..Config::default() };
        let log = Logger::new(config.drain(writes.clone()).expect("good settings").clock(clock.clone()));
        info!(log.with(o!("a" => 1)), "hello");
        let line = line!() - 1;
        let (when, place) = ("2026-11-21T18:23:05.000000007Z", format!("lazy.rs:{line}"));
        let expected = match format {
            Format::Json => format!(r#"{{"level":"info","ts":"{when}","caller":"{place}","a":1,"msg":"hello"}}"#),
            _ => format!("level=info ts={when} caller={place} a=1 msg=hello"),
        };
        assert_eq!(writes.line(), expected);
    }
}

#[test]
fn time_and_place_as_values_are_those_of_the_line() {
    let clock = Still::at(SOME_DAY);
    let writes = Writes::default();
    let log = Logger::new(logfmt(writes.clone())).with(o!("at" => caller(), "when" => timestamp_from(clock.clone())));
    clock.advance(Duration::from_secs(1));
    log!(log; "since" => Utc(UNIX_EPOCH));
    let line = line!() - 1;
    assert_eq!(
        writes.line(),
        format!("at=lazy.rs:{line} when=2026-11-21T18:23:06.000000007Z since=1970-01-01T00:00:00.000000000Z")
    );
}

/// Logs while it is printed, and so does what it logs, a few times over.
struct Logs<'a>(&'a Logger, u8);

impl fmt::Display for Logs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("before ")?;
        if self.1 > 0 {
            info!(self.0, "{}", Logs(self.0, self.1 - 1); "depth" => self.1, "v" => %Logs(self.0, 0));
        }
        f.write_str("after")
    }
}

#[test]
fn a_value_that_logs_while_it_is_printed_gets_a_line_of_its_own() {
    let writes = Writes::default();
    for drain in [logfmt(writes.clone()), json(writes.clone())] {
        let log = Logger::new(drain);
        info!(log, "outer"; "a" => 1, "v" => %Logs(&log, 2), "b" => 2);
        let lines = writes.take();
        assert_eq!(lines.len(), 3);
        assert!(lines[2].contains("outer") && !lines[2].contains("depth"));
        for (line, depth) in lines.iter().zip(["1", "2"]) {
            assert!(line.contains("before after") && line.contains(depth), "{line}");
            assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
        }
    }
}

#[test]
fn a_thread_that_is_ending_can_still_log() {
    struct Last(Logger);
    impl Drop for Last {
        fn drop(&mut self) {
            info!(self.0, "goodbye"; "a" => 1);
        }
    }
    thread_local! {
        static LAST: Cell<Option<Last>> = const { Cell::new(None) };
    }
    let writes = Writes::default();
    let log = Logger::new(logfmt(writes.clone()));
    let thread = std::thread::spawn(move || {
        // Registered first, so dropped after the buffers of the lines.
        LAST.set(Some(Last(log.clone())));
        info!(log, "hello");
    });
    thread.join().expect("a thread that ends well");
    assert_eq!(writes.take(), ["level=info msg=hello\n", "level=info msg=goodbye a=1\n"]);
}
