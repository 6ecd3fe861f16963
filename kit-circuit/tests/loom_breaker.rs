//! The breaker's one word under every interleaving of its callers, by loom. Nothing without `--cfg loom`:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p kit-circuit --release --test loom_breaker
//! ```
//!
//! It takes a few seconds once it is built. The source is included, with loom's atomics and lock in place of the standard ones.
#![cfg(loom)]

#[allow(dead_code, unreachable_pub, missing_docs, reason = "the source is included for its rules alone")]
#[path = "../src/breaker/state.rs"]
mod state;
#[allow(dead_code, reason = "the source is included for its rules alone")]
#[path = "../src/breaker/switch.rs"]
mod switch;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

use loom::model;
use loom::sync::Arc;
use loom::thread;
use state::State;
use switch::{Entry, Rules, Switch, Word};

const UNTIL: u64 = 100;
const STAY: u64 = 50;

fn rules(probes: u16, successes: u16) -> Rules {
    Rules { probes, successes, stay: STAY }
}

/// Open until `UNTIL`. The book counts how often it has opened.
fn open() -> Arc<Switch<u32>> {
    let switch = Switch::new(0);
    switch.open(switch.load(), note).expect("it was closed");
    Arc::new(switch)
}

fn note(book: &mut u32) -> u64 {
    *book += 1;
    UNTIL
}

fn enter(switch: &Switch<u32>, now: u64, rules: Rules) -> Entry {
    switch.enter(now, rules, |_| unreachable!("nobody stays that long")).0
}

fn probe(switch: &Switch<u32>, rules: Rules) -> Word {
    match enter(switch, UNTIL, rules) {
        Entry::Probe(word) => word,
        other => panic!("{other:?}"),
    }
}

/// Three callers at the end of the open time: how many probes.
fn probes_of_three(rules: Rules) -> usize {
    let switch = open();
    let others: Vec<_> = (0..2)
        .map(|_| {
            let switch = Arc::clone(&switch);
            thread::spawn(move || enter(&switch, UNTIL, rules))
        })
        .collect();
    let mut entries = vec![enter(&switch, UNTIL, rules)];
    entries.extend(others.into_iter().map(|other| other.join().unwrap()));
    let probes = entries.iter().filter(|entry| matches!(entry, Entry::Probe(_))).count();
    let refused = entries.iter().filter(|entry| matches!(entry, Entry::Refused(..))).count();
    assert_eq!(probes + refused, 3);
    assert_eq!(usize::from(switch.load().out()), probes);
    probes
}

#[test]
fn at_the_end_of_the_open_time_exactly_the_permitted_probes_go() {
    model(|| assert_eq!(probes_of_three(rules(1, 1)), 1));
    model(|| assert_eq!(probes_of_three(rules(2, 2)), 2));
}

#[test]
fn of_failures_at_the_same_instant_one_opens() {
    model(|| {
        let switch = Arc::new(Switch::new(0));
        let of = switch.load();
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || switch.open(of, note).is_some())
        };
        let mine = switch.open(of, note).is_some();
        assert!(mine ^ other.join().unwrap());
        assert_eq!((switch.load().state(), switch.book()), (State::Open, 1));
    });
}

#[test]
fn a_success_and_a_failure_decide_once_and_leave_no_probe_out() {
    model(|| {
        let switch = open();
        let (good, bad) = (probe(&switch, rules(2, 1)), probe(&switch, rules(2, 1)));
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || switch.open(bad, note).is_some())
        };
        let closed = switch.succeed(good, 1, |_| {}).is_some();
        let opened = other.join().unwrap();
        assert!(closed ^ opened);
        let word = switch.load();
        assert_eq!(word.state(), if closed { State::Closed } else { State::Open });
        assert_eq!((word.out(), word.succeeded()), (0, 0));
    });
}

#[test]
fn the_last_success_needed_closes_whoever_brings_it() {
    model(|| {
        let switch = open();
        let probes = [probe(&switch, rules(2, 2)), probe(&switch, rules(2, 2))];
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || switch.succeed(probes[0], 2, |_| {}).is_some())
        };
        let mine = switch.succeed(probes[1], 2, |_| {}).is_some();
        assert!(mine ^ other.join().unwrap());
        assert_eq!(switch.load().state(), State::Closed);
    });
}

#[test]
fn a_place_that_is_given_back_is_taken_once_and_never_lost() {
    model(|| {
        let switch = open();
        let given = probe(&switch, rules(1, 1));
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || enter(&switch, UNTIL, rules(1, 1)))
        };
        switch.give_back(given);
        let other = other.join().unwrap();
        match enter(&switch, UNTIL, rules(1, 1)) {
            Entry::Probe(_) => assert_eq!(other, Entry::Refused(State::HalfOpen, UNTIL + STAY)),
            _ => assert!(matches!(other, Entry::Probe(_))),
        }
        assert_eq!(switch.load().out(), 1);
    });
}

#[test]
fn a_time_is_read_with_the_word_it_belongs_to() {
    model(|| {
        let switch = open();
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || {
                let probe = probe(&switch, rules(1, 1));
                switch.open(probe, |_| 3 * UNTIL).expect("nobody else changes it");
            })
        };
        let (word, until) = switch.read();
        let expected = match (word.state(), word.period()) {
            (State::Open, 1) => UNTIL,
            (State::HalfOpen, 2) => UNTIL + STAY,
            (State::Open, 3) => 3 * UNTIL,
            other => panic!("{other:?}"),
        };
        assert_eq!(until, expected);
        other.join().unwrap();
    });
}

#[test]
fn a_call_of_an_earlier_period_changes_nothing() {
    model(|| {
        let switch = Arc::new(Switch::new(0));
        let early = switch.load();
        switch.open(early, note).unwrap();
        let now = probe(&switch, rules(1, 1));
        let other = {
            let switch = Arc::clone(&switch);
            thread::spawn(move || {
                assert!(switch.open(early, note).is_none());
                switch.give_back(early);
                assert!(switch.succeed(early, 1, |_| {}).is_none());
            })
        };
        assert!(switch.succeed(now, 1, |_| {}).is_some());
        other.join().unwrap();
        assert_eq!((switch.load().state(), switch.book()), (State::Closed, 1));
    });
}
