//! Settings, writers that fail, and drains of other makes.

mod support;

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_log::{
    Config, ConfigError, Format, Level, Levels, Logger, Overflow, Queue, Redaction, Repeats, info, log, logfmt, o,
};
use slog::{Drain, Duplicate, KV, OwnedKVList, Record};
use support::Writes;

#[test]
fn a_file_says_what_code_says() {
    let text = r#"{"format":"json","level":"warn,shop=debug","timestamp":false,"caller":true,"line_max":4096,
        "redact":{"deny":["iban"]},"repeats":{"lines":5,"window":"1m"},
        "queue":{"bytes":65536,"overflow":"block","patience":"500ms"}}"#;
    let config: Config = serde_json::from_str(text).expect("a good file");
    assert_eq!((config.format, config.timestamp, config.caller, config.line_max), (Format::Json, false, true, 4096));
    assert!(config.level.allows(Level::Debug, "shop") && !config.level.allows(Level::Info, "other"));
    assert_eq!(config.redact, Redaction::default().deny("iban"));
    let queue = config.queue.expect("a queue");
    assert_eq!(queue, Queue { bytes: 65_536, overflow: Overflow::Block, patience: Duration::from_millis(500) });
    assert_eq!(config.repeats, Some(Repeats { lines: 5, window: Duration::from_secs(60) }));
    let again: Config = serde_json::from_str(&serde_json::to_string(&config).expect("JSON")).expect("the same");
    assert_eq!(format!("{again:?}"), format!("{config:?}"));
}

#[test]
fn a_file_that_says_nothing_is_the_default_and_one_that_says_nonsense_is_refused() {
    let empty: Config = serde_json::from_str("{}").expect("defaults");
    assert_eq!(format!("{empty:?}"), format!("{:?}", Config::default()));
    for text in [r#"{"colour":true}"#, r#"{"level":"loud"}"#, r#"{"format":"xml"}"#, r#"{"queue":{"lines":5}}"#] {
        assert!(serde_json::from_str::<Config>(text).is_err(), "{text}");
    }
}

#[test]
fn a_line_s_limit_is_checked_and_holds() {
    for line_max in [0, 511, 1024 * 1024 + 1] {
        let error = Config { line_max, ..Config::default() }.logger(io::sink()).expect_err("out of range");
        assert!(matches!(error, ConfigError::LineMax(size) if size == line_max));
        let told = format!("line_max is {line_max}, outside [512, 1048576] bytes");
        assert_eq!(error.to_string(), told);
        let error = kit_core::Error::from(error);
        assert_eq!((error.code(), error.message()), (kit_core::Code::InvalidArgument, told.as_str()));
    }
    let writes = Writes::default();
    let log = Config { line_max: 512, ..Config::default() }.logger(writes.clone()).expect("in range");
    info!(log, "m"; "v" => "x".repeat(600));
    assert!(writes.line().len() < 512);
    assert_eq!(log.counters().truncated(), 1);
}

#[test]
fn a_limit_on_repeats_that_lets_nothing_through_is_refused() {
    for text in [r#"{"lines":0,"window":"1s"}"#, r#"{"lines":1,"window":"0s"}"#] {
        let repeats = Some(serde_json::from_str(text).expect("a limit"));
        let error = Config { repeats, ..Config::default() }.logger(io::sink()).expect_err("no line at all");
        assert!(matches!(error, ConfigError::Repeats(_)));
    }
}

#[test]
fn loggers_of_one_handle_change_their_levels_together() {
    let levels = Levels::from(Level::Warn);
    let writes = Writes::default();
    let config = Config { level: levels.clone(), timestamp: false, ..Config::default() };
    let logs = [config.logger(writes.clone()), config.logger(writes.clone())].map(|log| log.expect("good settings"));
    let print = || {
        logs.iter().for_each(|log| info!(log.with(o!("a" => 1)), "m"));
        writes.take().len()
    };
    assert_eq!(print(), 0);
    levels.set(Level::Info);
    assert_eq!(print(), 2);
    logs[0].levels().set_target("config", Level::Error);
    assert_eq!(print(), 0);
}

#[test]
fn what_the_redaction_of_a_logger_lets_through_another_s_does_not() {
    let writes = Writes::default();
    let config = |redact| Config { redact, timestamp: false, ..Config::default() };
    let open = config(Redaction::none()).logger(writes.clone()).expect("good settings");
    let shut = config(Redaction::default().deny("iban")).logger(writes.clone()).expect("good settings");
    for _ in 0..2 {
        for log in [&open, &shut] {
            log!(log; "token" => 1, "iban" => 2);
        }
    }
    assert_eq!(writes.take().concat(), "token=1 iban=2\ntoken=[redacted] iban=[redacted]\n".repeat(2));
}

#[test]
fn a_writer_that_fails_loses_its_line_and_no_other() {
    struct Every2nd(u32, Writes);
    impl Write for Every2nd {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0.is_multiple_of(2) { Err(io::ErrorKind::BrokenPipe.into()) } else { self.1.write(bytes) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let writes = Writes::default();
    let log = Logger::new(logfmt(Every2nd(0, writes.clone())));
    (0..4).for_each(|n| log!(log; "n" => n));
    assert_eq!(writes.take(), ["n=0\n", "n=2\n"]);
    assert_eq!(log.counters().write_errors(), 2);
    assert!(log.flush().is_err());
}

#[test]
fn a_writer_that_logs_to_its_own_drain_loses_that_line_and_goes_on() {
    struct Chatty(Arc<Mutex<Option<Logger>>>, Writes);
    impl Write for Chatty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let log = self.0.lock().expect("no holder panics").clone();
            if let Some(log) = log {
                log!(log; "from" => "writer");
                assert!(log.flush().is_err());
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (slot, writes) = (Arc::new(Mutex::new(None)), Writes::default());
    let log = Logger::new(logfmt(Chatty(Arc::clone(&slot), writes.clone())));
    *slot.lock().expect("no holder panics") = Some(log.clone());
    log!(log; "n" => 1);
    log!(log; "n" => 2);
    assert_eq!(writes.take(), ["n=1\n", "n=2\n"]);
    assert_eq!(log.counters().dropped(), 2);
    assert!(log.flush().is_ok());
    *slot.lock().expect("no holder panics") = None;
}

/// A drain of another make: keeps levels, messages and keys.
#[derive(Clone, Default)]
struct Keeps(Arc<Mutex<Vec<String>>>);

impl Drain for Keeps {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, context: &OwnedKVList) -> Result<(), Infallible> {
        struct Keys(String);
        impl slog::Serializer for Keys {
            fn emit_arguments(&mut self, key: slog::Key, value: &std::fmt::Arguments<'_>) -> slog::Result {
                self.0 += &format!(" {key}={value}");
                Ok(())
            }
        }
        let mut keys = Keys(format!("{} {}", record.level(), record.msg()));
        record.kv().serialize(record, &mut keys).expect("keys");
        context.serialize(record, &mut keys).expect("keys");
        self.0.lock().expect("no holder panics").push(keys.0);
        Ok(())
    }
}

#[test]
fn any_slog_drain_hears_what_ours_hears() {
    let (writes, keeps) = (Writes::default(), Keeps::default());
    let both = Duplicate::new(logfmt(writes.clone()), keeps.clone()).map(slog::Fuse);
    let log = Logger::new(both).with(o!("c" => 3));
    info!(log, "hello"; "a" => 1);
    kit_log::debug!(log, "refused");
    assert_eq!(writes.line(), "level=info c=3 msg=hello a=1");
    assert_eq!(*keeps.0.lock().expect("no holder panics"), ["INFO hello a=1 c=3"]);
}

#[test]
fn a_discarded_event_is_refused_until_levels_are_raised() {
    let log = Logger::discard();
    assert!(!log.is_enabled(Level::Error, "anywhere"));
    info!(log, "{}", unreachable_text());
}

fn unreachable_text() -> String {
    panic!("evaluated")
}
