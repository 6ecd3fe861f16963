//! What each layer is there for, as a sentence that holds with it and does not without it.

use std::fmt;
use std::time::Duration;

use crate::client::{AT_ONCE, Got, Part};
use crate::story::{Call, RATE, Record, percentile, share};
use crate::upstream::Fault;

/// A sentence of the story.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The part that makes it true; the last one takes all of them.
    pub part: Option<Part>,
    /// What is claimed.
    pub sentence: &'static str,
    check: fn(&Record) -> Finding,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whether the sentence is true.
    pub held: bool,
    /// What was measured.
    pub measured: String,
}

impl Claim {
    /// Whether it is true of what happened.
    pub fn check(&self, record: &Record) -> Finding {
        (self.check)(record)
    }
}

/// The story.
pub const STORY: [Claim; 8] = [
    Claim {
        part: Some(Part::Hedge),
        sentence: "uneven: one answer in ten hangs, and 19 callers in 20 have theirs within 400 ms",
        check: |record| {
            let p95 = percentile(&record.calls_in(Fault::Uneven), 95);
            found(p95 <= Duration::from_millis(400), format_args!("p95 {p95:.0?}"))
        },
    },
    Claim {
        part: Some(Part::Retry),
        sentence: "failing: one answer in six is an error, and at least 95 % of the callers get a price of today",
        check: |record| at_least(95.0, &record.calls_in(Fault::Failing)),
    },
    Claim {
        part: Some(Part::Budget),
        sentence: "flapping: two answers in five are errors, and the service gets at most 1.4 attempts a call",
        check: |record| {
            let attempts = attempts(record, Fault::Flapping);
            found(attempts <= 1.4, format_args!("{attempts:.2} a call"))
        },
    },
    Claim {
        part: Some(Part::Timeout),
        sentence: "slow: answers take 3 s, and nobody waits for longer than 2 s",
        check: |record| {
            let longest = percentile(&record.calls_in(Fault::Slow), 100);
            found(longest <= Duration::from_secs(2), format_args!("at most {longest:.0?}"))
        },
    },
    Claim {
        part: Some(Part::Bulkhead),
        sentence: "slow: no more than 10 attempts are out at once",
        check: |record| {
            let most = record.seconds_in(Fault::Slow).map(|second| second.at_once).max().unwrap_or_default();
            found(most <= AT_ONCE as u64, format_args!("at most {most}"))
        },
    },
    Claim {
        part: Some(Part::Breaker),
        sentence: "dead: the service gets at most one attempt for five calls",
        check: |record| {
            let attempts = attempts(record, Fault::Dead);
            found(attempts <= 0.2, format_args!("{attempts:.2} a call"))
        },
    },
    Claim {
        part: Some(Part::Fallback),
        sentence: "from the first second to the last every caller gets a price",
        check: |record| {
            let errors = record.calls.iter().filter(|call| call.got == Got::Nothing).count();
            found(errors == 0, format_args!("{errors} of {} got none", record.calls.len()))
        },
    },
    Claim {
        part: None,
        sentence: "back: a second after the service is well, at least 95 % of the callers get a price of today",
        check: |record| {
            let calls = record.calls_in(Fault::Back);
            let first = calls.iter().map(|call| call.at).min().unwrap_or_default();
            let settled: Vec<_> = calls.into_iter().filter(|call| call.at >= first + Duration::from_secs(1)).collect();
            at_least(95.0, &settled)
        },
    },
];

fn found(held: bool, measured: fmt::Arguments<'_>) -> Finding {
    Finding { held, measured: measured.to_string() }
}

fn at_least(percent: f64, calls: &[Call]) -> Finding {
    let new = share(calls, Got::New);
    found(new >= percent, format_args!("{new:.1} %"))
}

/// Attempts for each call in these seconds.
fn attempts(record: &Record, fault: Fault) -> f64 {
    let (sent, seconds) =
        record.seconds_in(fault).fold((0, 0), |(sent, seconds), second| (sent + second.sent, seconds + 1));
    sent as f64 / (seconds * RATE) as f64
}
