//! The limit on repeated lines.

mod support;

use std::time::Duration;

use kit_log::{Config, Logger, RepeatLimit, Repeats, error, info, log, logfmt};
use support::{Still, Writes};

const TWO_A_MINUTE: Repeats = Repeats { lines: 2, window: Duration::from_secs(60) };

fn logger(writes: &Writes, clock: &Still) -> (Logger, kit_log::Counters) {
    let drain = logfmt(writes.clone());
    let counters = drain.counters();
    (Logger::new(RepeatLimit::new(drain, TWO_A_MINUTE).clock(clock.clone()).counters(counters.clone())), counters)
}

#[test]
fn a_place_prints_so_many_lines_a_window_and_then_says_how_many_it_held_back() {
    let (writes, clock) = (Writes::default(), Still::default());
    let (log, counters) = logger(&writes, &clock);
    let fail = |n: i32| error!(log, "cannot connect"; "n" => n);
    (1..=10).for_each(fail);
    assert_eq!(writes.take(), ["level=error msg=\"cannot connect\" n=1\n", "level=error msg=\"cannot connect\" n=2\n"]);
    assert_eq!(counters.repeated(), 8);

    clock.advance(Duration::from_secs(60) - Duration::from_nanos(1));
    fail(11);
    assert!(writes.take().is_empty());

    clock.advance(Duration::from_nanos(1));
    (12..=14).for_each(fail);
    let lines = writes.take();
    assert_eq!(lines[0], "level=error msg=\"cannot connect\" n=12 repeated=9\n");
    assert_eq!(lines[1], "level=error msg=\"cannot connect\" n=13\n");
    assert_eq!((lines.len(), counters.repeated()), (2, 10));
}

#[test]
fn one_place_does_not_use_up_another_s_lines() {
    let (writes, clock) = (Writes::default(), Still::default());
    let (log, _) = logger(&writes, &clock);
    for _ in 0..5 {
        info!(log, "same text");
        info!(log, "same text");
    }
    assert_eq!(writes.take().len(), 4);
}

#[test]
fn a_line_without_a_level_keeps_having_none() {
    let (writes, clock) = (Writes::default(), Still::default());
    let (log, _) = logger(&writes, &clock);
    let print = |n: i32| log!(log; "n" => n);
    (1..=3).for_each(print);
    clock.advance(Duration::from_secs(60));
    print(4);
    assert_eq!(writes.all().concat(), "n=1\nn=2\nn=4 repeated=1\n");
}

#[test]
fn a_configured_limit_counts_with_the_logger() {
    let writes = Writes::default();
    let limit = Some(Repeats { lines: 1, window: Duration::from_secs(86_400) });
    let log = Config { repeats: limit, ..Config::default() }.logger(writes.clone()).unwrap();
    for _ in 0..5 {
        info!(log, "again");
    }
    assert_eq!((writes.take().len(), log.counters().repeated()), (1, 4));
}
