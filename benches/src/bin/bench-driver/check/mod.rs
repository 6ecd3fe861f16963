//! `check`: joins what the caller wrote down with what the instances wrote down.
//!
//! **Lost** is a call without an answer or error by its deadline + 100 ms, and one that got an error though it might have been answered: any,
//! if the call was idempotent; of one that was not, an error of a call that provably was not sent (nobody was picked, or it was refused here).
//! That an instance was healthy is for whoever runs the checker to know: it cannot tell from ledgers. **Doubled** is a call that is not idempotent and
//! was executed twice. Without `--idempotent` the stricter of the two holds for each.

mod judge;
mod judged;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use kit::config::Loader;
use serde::{Deserialize, Serialize};

use crate::call::YesNo;
use crate::clock::nanos;
use crate::flags::{self, Ranges};
use crate::ledger::{self, Call, Executed};
use crate::{Done, Failed};

pub(crate) use judge::{Books, Question};
pub(crate) use judged::Judged;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    calls: Option<PathBuf>,
    executed: Vec<String>,
    #[serde(with = "kit::duration::option")]
    from: Option<Duration>,
    #[serde(with = "kit::duration::option")]
    to: Option<Duration>,
    idempotent: Option<YesNo>,
    deadline_ms: Option<u64>,
    expect: Option<u64>,
    max_lost: Option<u64>,
    max_doubled: Option<u64>,
    max_failed: Option<u64>,
    max_attempts: Option<f64>,
    max_p99_ms: Option<f64>,
    max_share: BTreeMap<String, f64>,
    min_share: BTreeMap<String, f64>,
}

const DOCS: &[(&str, &str)] = &[
    ("calls", "the caller's ledger"),
    (
        "executed",
        "the ledgers of the instances, one after another; each is called as its file is, without what follows the last dot",
    ),
    ("from", "look at what begins this long after the first call was meant to be sent: 2s, 500ms"),
    ("to", "and before this"),
    (
        "idempotent",
        "whether the calls could be executed twice; without it any error is lost and any call executed twice is doubled",
    ),
    ("deadline_ms", "the deadline that the calls had: an end later than that and 100 ms is lost"),
    ("expect", "how many calls were meant to be made: those without a line are lost"),
    ("max_lost", "fail if more are lost"),
    ("max_doubled", "fail if more are doubled"),
    ("max_failed", "fail if more got an error"),
    ("max_attempts", "fail if there are more attempts a call, on average"),
    ("max_p99_ms", "fail if a hundredth of the calls takes longer"),
    ("max_share", "fail if more than this share of what was executed was executed there, within [0, 1]: a=0.3,b=0.3"),
    ("min_share", "fail if less was"),
];

impl Settings {
    pub(crate) fn read(args: Vec<OsString>) -> Result<Self, Failed> {
        let about = "Joins the ledger of a caller with those of the instances, prints what it finds, and fails if that is beyond a limit.\n\
                     Exit code 0: within the limits; 1: not; 2: the flags or the ledgers cannot be used.";
        let loader = Loader::new("bench check").about(about).describe(DOCS);
        let settings: Self = flags::read(loader, args, &["--executed"])?;
        let mut ranges = Ranges::of("bench check");
        ranges.given("--calls", settings.calls.clone());
        if settings.executed.is_empty() {
            ranges.refuse("--executed is missing".to_owned());
        }
        if let (Some(from), Some(to)) = (settings.from, settings.to)
            && from >= to
        {
            ranges.refuse(format!("--from is {from:?}, it must be before --to, which is {to:?}"));
        }
        if let Some(deadline) = settings.deadline_ms {
            ranges.within("--deadline-ms", deadline, 1..=3_600_000);
        }
        if let Some(most) = settings.max_attempts {
            ranges.within("--max-attempts", most, 0.0..=1_000_000.0);
        }
        if let Some(most) = settings.max_p99_ms {
            ranges.within("--max-p99-ms", most, 0.0..=3_600_000.0);
        }
        let names: Vec<String> = settings.executed.iter().map(|file| name(file)).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                ranges.refuse(format!("--executed names two ledgers of {name:?}"));
            }
        }
        for (flag, shares) in [("--max-share", &settings.max_share), ("--min-share", &settings.min_share)] {
            for (instance, share) in shares {
                ranges.within(&format!("{flag} of {instance}"), *share, 0.0..=1.0);
                if !names.contains(instance) {
                    ranges.refuse(format!("{flag} is of {instance:?}, which has no ledger here"));
                }
            }
        }
        ranges.end()?;
        Ok(settings)
    }

    fn question(&self, books: &Books) -> Question {
        let after = |duration: Duration| books.begun().saturating_add(nanos(duration));
        Question {
            idempotent: self.idempotent.map(|answer| answer == YesNo::Yes),
            deadline: self.deadline_ms.map(Duration::from_millis),
            expected: self.expect,
            from: self.from.map_or(0, after),
            to: self.to.map_or(u64::MAX, after),
        }
    }

    /// What is beyond a limit, a line each.
    fn exceeded(&self, judged: &Judged) -> Vec<String> {
        let mut lines = Vec::new();
        let mut check = |what: &str, got: f64, most: Option<f64>| {
            if let Some(most) = most.filter(|most| got > *most) {
                lines.push(format!("{what}: {got}, more than {most}"));
            }
        };
        let count = |most: Option<u64>| most.map(|most| most as f64);
        check("lost", judged.lost as f64, count(self.max_lost));
        check("doubled", judged.doubled as f64, count(self.max_doubled));
        check("failed", judged.failed as f64, count(self.max_failed));
        check("attempts a call", judged.attempts_per_call(), self.max_attempts);
        check("p99 in ms", judged.latency(0.99).as_secs_f64() * 1e3, self.max_p99_ms);
        for (instance, most) in &self.max_share {
            check(&format!("share of {instance}"), judged.share(instance), Some(*most));
        }
        for (instance, least) in &self.min_share {
            let got = judged.share(instance);
            if got < *least {
                lines.push(format!("share of {instance}: {got}, less than {least}"));
            }
        }
        lines
    }
}

/// What the instance of a ledger is called: as its file, without what follows the last dot.
fn name(file: &str) -> String {
    PathBuf::from(file).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn run(settings: Settings) -> Result<Done, Failed> {
    let malformed = |line: String| Failed::Given(format!("bench check: {line}"));
    let calls: Vec<Call> = ledger::read(settings.calls.as_deref().unwrap_or("".as_ref())).map_err(malformed)?;
    let mut executed: Vec<(String, Vec<Executed>)> = Vec::new();
    for file in &settings.executed {
        executed.push((name(file), ledger::read(file.as_ref()).map_err(malformed)?));
    }
    let books = Books::new(calls, executed).map_err(malformed)?;
    let judged = books.judge(&settings.question(&books));
    let exceeded = settings.exceeded(&judged);
    let mut out = io::stdout();
    write!(out, "{judged}")?;
    for line in &exceeded {
        writeln!(out, "FAILED      {line}")?;
    }
    Ok(if exceeded.is_empty() { Done::Well } else { Done::Badly })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Settings, String> {
        flags::told(Settings::read, args)
    }

    #[test]
    fn flags_that_nobody_knows_and_values_out_of_range_are_refused_by_name() {
        let good = ["--calls", "c.log", "--executed", "x/a.log", "b.log"];
        let with = |more: &[&str]| read(&[&good, more].concat());
        let settings = with(&["--max-lost", "0", "--from", "2s", "--to", "4s", "--max-share", "a=0.3,b=0.3"]).unwrap();
        assert_eq!(settings.executed, ["x/a.log", "b.log"]);
        for (args, line) in [
            (with(&["--max-lots", "0"]), "--max-lots: there is no such setting; is --max-lost meant?"),
            (with(&["--max-lost", "-1"]), "--max-lost"),
            (with(&["--from", "2s", "--to", "1s"]), "--from is 2s, it must be before --to, which is 1s"),
            (with(&["--max-share", "a=1.5"]), "--max-share of a is 1.5, it must be within [0, 1]"),
            (with(&["--min-share", "c=0.5"]), "--min-share is of \"c\", which has no ledger here"),
            (with(&["--max-p99-ms", "NaN"]), "--max-p99-ms is NaN"),
            (with(&["--executed", "y/a.log"]), "--executed names two ledgers of \"a\""),
            (read(&["--calls", "c"]), "--executed is missing"),
            (read(&["--executed", "a"]), "--calls is missing"),
        ] {
            let refused = args.expect_err(line);
            assert!(refused.contains(line), "{refused}");
        }
    }
}
