//! `call`: calls at a rate that does not depend on their answers (an open loop), and what became of each.
//!
//! The latency of a call is counted from when it was meant to be sent: if the caller cannot keep up, or all of its places are taken,
//! the wait is the call's. So is its deadline.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use kit::config::Loader;
use kit::discovery::Spec;
use kit::{Code, Error, Outcome, Retry};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::client::{Client, Reached};
use crate::clock::Clock;
use crate::flags::{self, Ranges};
use crate::ledger::{Call, Ledger};
use crate::{Done, Failed};

/// How long a call may go on after its deadline before it is written off: to show that it outlived it, which it must not.
const OVERDUE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) discover: Option<Spec>,
    pub(crate) transport: Transport,
    n: u64,
    rps: f64,
    concurrency: usize,
    deadline_ms: u64,
    attempt_ms: Option<u64>,
    pub(crate) idempotent: YesNo,
    ledger: Option<PathBuf>,
    explain: bool,
}

/// How instances are called.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    #[default]
    Http,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum YesNo {
    #[default]
    Yes,
    No,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            discover: None,
            transport: Transport::default(),
            n: 1_000,
            rps: 100.0,
            concurrency: 64,
            deadline_ms: 1_000,
            attempt_ms: None,
            idempotent: YesNo::default(),
            ledger: None,
            explain: false,
        }
    }
}

const DOCS: &[(&str, &str)] = &[
    (
        "discover",
        "where the instances are found: static:HOST:PORT,…, file:PATH, consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX",
    ),
    ("transport", "how they are called"),
    ("n", "how many calls"),
    ("rps", "how many a second"),
    ("concurrency", "how many at once; a call that finds no place waits, and the wait is part of its latency"),
    ("deadline_ms", "how long a call may take, from when it was meant to be sent"),
    ("attempt_ms", "how long one attempt may take; by default a quarter of the deadline"),
    ("idempotent", "whether a call may be executed twice"),
    (
        "ledger",
        "the file that gets a line for each call: id start_ns end_ns outcome code attempts instances, with tabs",
    ),
    ("explain", "print what the client knows of the instances when it ends"),
];

impl Settings {
    pub(crate) fn read(args: Vec<OsString>) -> Result<Self, Failed> {
        let about =
            "Calls instances through kit's balanced client, at a steady rate, until it is done or asked to stop.";
        let settings: Self = flags::read(Loader::new("bench call").about(about).describe(DOCS), args, &[])?;
        let mut ranges = Ranges::of("bench call");
        if settings.discover.is_none() {
            ranges.refuse("--discover is missing".to_owned());
        }
        ranges.given("--ledger", settings.ledger.clone());
        ranges.within("--n", settings.n, 1..=1_000_000_000);
        ranges.within("--rps", settings.rps, 0.1..=1_000_000.0);
        ranges.within("--concurrency", settings.concurrency, 1..=65_536);
        ranges.within("--deadline-ms", settings.deadline_ms, 1..=3_600_000);
        if let Some(limit) = settings.attempt_ms {
            ranges.within("--attempt-ms", limit, 1..=3_600_000);
        }
        ranges.end()?;
        Ok(settings)
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// How long one attempt may take. A quarter of the deadline leaves time for the three that there are by default.
    pub(crate) fn attempt(&self) -> Duration {
        self.attempt_ms.map_or(self.deadline() / 4, Duration::from_millis)
    }
}

/// What is the same for all calls of a run.
struct Run {
    client: Client,
    clock: Clock,
    ledger: Ledger,
    /// What ids begin with: no two runs have the same.
    name: String,
    deadline: Duration,
}

/// What came of a call, for the line at the end.
enum End {
    Answered,
    Failed(Retry),
    /// It went on for long after its deadline.
    Stuck,
}

/// How many calls came to what. Of those that failed, what their errors say of making them again.
#[derive(Default)]
struct Ends {
    answered: u64,
    may_have_run: u64,
    did_not_run: u64,
    not_to_repeat: u64,
    stuck: u64,
}

pub(crate) async fn run(settings: Settings) -> Result<Done, Failed> {
    let clock = Clock::start();
    let ledger = Ledger::open(settings.ledger.as_deref().unwrap_or("".as_ref()))?;
    let client = Client::open(&settings).await?;
    let name = format!("{:x}-{:x}", clock.now(), std::process::id());
    let run = Arc::new(Run { client, clock, ledger, name, deadline: settings.deadline() });
    let ends = send(&run, &settings).await?;
    let mut out = io::stdout();
    writeln!(out, "{ends}")?;
    if settings.explain {
        writeln!(out, "{}", run.client.explain())?;
    }
    Ok(Done::Well)
}

/// Sends each call when it is due, and waits for the last.
async fn send(run: &Arc<Run>, settings: &Settings) -> Result<Ends, Error> {
    let places = Arc::new(Semaphore::new(settings.concurrency));
    let (mut calls, mut ends) = (JoinSet::new(), Ends::default());
    let mut asked = pin!(kit::shutdown());
    let begun = Instant::now();
    for n in 0..settings.n {
        let due = begun + Duration::from_secs_f64(n as f64 / settings.rps);
        let place = tokio::select! {
            biased;
            () = asked.as_mut() => break,
            place = async {
                sleep_until(due).await;
                Arc::clone(&places).acquire_owned().await
            } => place.map_err(Error::bug)?,
        };
        let run = Arc::clone(run);
        calls.spawn(async move {
            let end = call(&run, n, due).await;
            drop(place);
            end
        });
        while let Some(ended) = calls.try_join_next() {
            ends.count(ended.map_err(Error::bug)??);
        }
    }
    while let Some(ended) = calls.join_next().await {
        ends.count(ended.map_err(Error::bug)??);
    }
    Ok(ends)
}

async fn call(run: &Run, n: u64, due: Instant) -> Result<End, Error> {
    let id = format!("{}-{n}", run.name);
    let by = due + run.deadline;
    let reached = timeout_at(by + OVERDUE, run.client.call(&id, by)).await;
    let Reached { result, attempts, instances } = match reached {
        Ok(reached) => reached,
        // Where it went is not known.
        Err(_) => Reached { result: None, attempts: 0, instances: Vec::new() },
    };
    let end = run.clock.now();
    let (outcome, code, ended) = match &result {
        Some(Ok(())) => (Outcome::Success, None, End::Answered),
        Some(Err(error)) => (error.outcome(), Some(error.code()), End::Failed(error.retry())),
        None => (Outcome::TimedOut, Some(Code::DeadlineExceeded), End::Stuck),
    };
    let call = Call { id, start: run.clock.at(due), end, outcome, code, attempts, instances };
    run.ledger.add(&call).map_err(Error::bug)?;
    Ok(ended)
}

impl Ends {
    fn count(&mut self, end: End) {
        let count = match end {
            End::Answered => &mut self.answered,
            End::Failed(Retry::MayHaveRun) => &mut self.may_have_run,
            End::Failed(Retry::Safe | Retry::After(_)) => &mut self.did_not_run,
            End::Failed(Retry::Never) => &mut self.not_to_repeat,
            End::Stuck => &mut self.stuck,
        };
        *count += 1;
    }
}

/// Names and numbers in turn.
impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, may_have_run, did_not_run, not_to_repeat, stuck } = self;
        let all = answered + may_have_run + did_not_run + not_to_repeat + stuck;
        write!(
            f,
            "calls {all} answered {answered} may_have_run {may_have_run} did_not_run {did_not_run} \
             not_to_repeat {not_to_repeat} stuck {stuck}"
        )
    }
}

/// A figure of the line that `call` ends with, which stands in its output.
pub(crate) fn figure(output: &str, name: &str) -> Option<u64> {
    let line = output.lines().rfind(|line| line.starts_with("calls "))?;
    let mut words = line.split(' ');
    words.find(|word| *word == name)?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_ends_with_is_read_by_name() {
        let mut ends = Ends::default();
        ends.count(End::Answered);
        ends.count(End::Failed(Retry::MayHaveRun));
        ends.count(End::Failed(Retry::MayHaveRun));
        let output = format!("level=warn msg=\"x\"\n{ends}\n");
        let figures = ["calls", "answered", "may_have_run", "stuck", "other"].map(|name| figure(&output, name));
        assert_eq!(figures, [Some(3), Some(1), Some(2), Some(0), None]);
        assert_eq!(figure("", "calls"), None);
    }

    fn read(args: &[&str]) -> Result<Settings, String> {
        flags::told(Settings::read, args)
    }

    #[test]
    fn flags_that_nobody_knows_and_values_out_of_range_are_refused_by_name() {
        let good = ["--discover", "static:127.0.0.1:1", "--ledger", "l"];
        let with = |more: &[&str]| read(&[&good, more].concat());
        let settings = with(&["--deadline-ms", "400", "--idempotent", "no", "--transport", "http"]).unwrap();
        assert_eq!((settings.attempt(), settings.idempotent), (Duration::from_millis(100), YesNo::No));
        for (args, line) in [
            (with(&["--rsp", "5"]), "--rsp: there is no such setting; is --rps meant?"),
            (with(&["--transport", "pigeon"]), "--transport"),
            (with(&["--idempotent", "maybe"]), "--idempotent"),
            (with(&["--n", "0"]), "--n is 0, it must be within [1, 1000000000]"),
            (with(&["--rps", "0"]), "--rps is 0, it must be within [0.1, 1000000]"),
            (with(&["--concurrency", "0"]), "--concurrency is 0, it must be within [1, 65536]"),
            (with(&["--deadline-ms", "0"]), "--deadline-ms is 0, it must be within [1, 3600000]"),
            (with(&["--attempt-ms", "0"]), "--attempt-ms is 0, it must be within [1, 3600000]"),
            (read(&["--ledger", "l"]), "--discover is missing"),
            (read(&["--discover", "nowhere", "--ledger", "l"]), "no kind before a colon in \"nowhere\""),
        ] {
            let refused = args.expect_err(line);
            assert!(refused.contains(line), "{refused}");
        }
    }
}
