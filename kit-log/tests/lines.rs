//! What a line looks like: order, levels, context, values.

mod support;

use std::sync::Arc;

use kit_log::{Level, Logger, debug, error, event, info, json, log, logfmt, o, trace, warn};
use support::Writes;

fn pair() -> (Logger, Writes, Logger, Writes) {
    let (text, objects) = (Writes::default(), Writes::default());
    (
        Logger::with_levels(logfmt(text.clone()), Level::Trace),
        text,
        Logger::with_levels(json(objects.clone()), Level::Trace),
        objects,
    )
}

#[test]
fn go_kit_s_four_lines_come_out_byte_for_byte() {
    let writes = Writes::default();
    let log = Logger::new(logfmt(writes.clone()));
    log!(log; "foo" => 123);
    info!(log);
    info!(log, "hello");
    info!(log, "hello"; "a" => 1, "b" => 2);
    assert_eq!(writes.all(), ["foo=123\n", "level=info\n", "level=info msg=hello\n", "level=info msg=hello a=1 b=2\n"]);
}

#[test]
fn go_kit_s_contexts_nest() {
    let writes = Writes::default();
    let log = Logger::new(logfmt(writes.clone())).with(o!("msg" => "hello"));
    info!(log.with(o!("a" => 1)); "b" => 2);
    assert_eq!(writes.line(), "level=info msg=hello a=1 b=2");
}

#[test]
fn context_stands_outermost_first_before_the_message() {
    let (text, lines, objects, written) = pair();
    for log in [text, objects] {
        let log = log.with(o!("a" => 1, "b" => 2)).with(o!("c" => 3));
        info!(log, "hello {}", "you"; "d" => 4, "e" => 5);
    }
    assert_eq!(lines.line(), r#"level=info a=1 b=2 c=3 msg="hello you" d=4 e=5"#);
    assert_eq!(written.line(), r#"{"level":"info","a":1,"b":2,"c":3,"msg":"hello you","d":4,"e":5}"#);
}

#[test]
fn every_level_has_its_macro_and_its_name() {
    let (log, writes, _, _) = pair();
    error!(log, "m");
    warn!(log, "m");
    info!(log, "m");
    debug!(log, "m");
    trace!(log, "m");
    event!(log, Level::Warn, "m"; "k" => 1);
    event!(log, Level::Debug; "k" => 1);
    slog::crit!(log.slog(), "m");
    assert_eq!(
        writes.all().concat(),
        "level=error msg=m\nlevel=warn msg=m\nlevel=info msg=m\nlevel=debug msg=m\nlevel=trace msg=m\n\
         level=warn msg=m k=1\nlevel=debug k=1\nlevel=error msg=m\n"
    );
}

#[test]
fn slog_s_own_macros_print_the_same_line_under_the_same_levels() {
    let (log, writes, _, _) = pair();
    let log = log.with(o!("a" => 1));
    info!(log, "m"; "x" => 1, "y" => 2);
    let ours = writes.line();
    slog::info!(log.slog(), "m"; "x" => 1, "y" => 2);
    assert_eq!(writes.line(), ours);
    log.levels().set(Level::Error);
    slog::info!(log.slog(), "m");
    assert!(writes.take().is_empty());
}

#[test]
fn a_line_of_nothing_is_an_empty_one() {
    let (text, lines, objects, written) = pair();
    log!(text);
    log!(objects);
    assert_eq!((lines.line().as_str(), written.line().as_str()), ("", "{}"));
}

#[test]
fn an_empty_message_prints_no_message() {
    let (text, lines, objects, written) = pair();
    for log in [text, objects] {
        info!(log, ""; "a" => 1);
        info!(log, "{}", String::new(); "a" => 1);
    }
    assert_eq!(lines.all(), ["level=info a=1\n"; 2]);
    assert_eq!(written.all(), ["{\"level\":\"info\",\"a\":1}\n"; 2]);
}

#[test]
fn a_message_of_two_quotes_is_not_empty() {
    let (text, lines, _, _) = pair();
    info!(text, "{}", "\"\"");
    assert_eq!(lines.line(), r#"level=info msg="\"\"""#);
}

#[test]
fn plain_values_print_as_their_type_does() {
    let (text, lines, objects, written) = pair();
    for log in [text, objects] {
        log!(log; "i" => -7i64, "u" => u64::MAX, "t" => true, "c" => 'x', "s" => "a b",
            "f" => 1.5f32, "n" => None::<i32>, "unit" => (), "d" => %"x=y", "g" => ?"q");
    }
    assert_eq!(
        lines.line(),
        r#"i=-7 u=18446744073709551615 t=true c=x s="a b" f=1.5 n=null unit=null d="x=y" g="\"q\"""#
    );
    assert_eq!(
        written.line(),
        r#"{"i":-7,"u":18446744073709551615,"t":true,"c":"x","s":"a b","f":1.5,"n":null,"unit":null,"d":"x=y","g":"\"q\""}"#
    );
}

#[test]
fn a_refused_event_evaluates_nothing() {
    let (log, writes, _, _) = pair();
    log.levels().set(Level::Info);
    let mut evaluated = 0;
    let mut count = || {
        evaluated += 1;
        evaluated
    };
    debug!(log, "m {}", count(); "k" => count());
    event!(log, Level::Trace; "k" => count());
    assert_eq!(evaluated, 0);
    assert!(writes.take().is_empty());
}

#[test]
fn a_logger_is_found_by_value_behind_references_and_in_an_arc() {
    struct Server {
        log: Arc<Logger>,
    }
    let (log, writes, _, _) = pair();
    let server = Server { log: Arc::new(log) };
    info!(server.log);
    info!(&&server.log);
    info!(&mut server.log.with(o!("a" => 1)));
    info!(std::convert::identity(&server.log));
    assert_eq!(writes.all().len(), 4);
}
