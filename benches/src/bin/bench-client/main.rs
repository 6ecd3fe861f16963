//! `./bench client`: kit's balanced client and its peers at the same three servers, in one table from one run.
//!
//! Clients are run in turn, A B C … A B C …, each a fresh process on core 0 beside fresh servers on core 1, warmed up, then measured for a
//! window; figures are medians of the rounds. README.md says how to read them.

mod aims;
mod report;
mod run;
mod subject;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use kit_bench::machine::{self, Watch};

use self::report::Figures;
use self::run::Plan;

const USAGE: &str = "usage: ./bench client [--quick | --accept | --profile CASE [BASE]] [--rounds N] [--seconds S]";

struct Options {
    plan: Plan,
    rounds: usize,
}

impl Options {
    fn from_args() -> Option<Self> {
        let mut options =
            Self { plan: Plan { warmup: Duration::from_secs(2), window: Duration::from_secs(5) }, rounds: 5 };
        let mut args = std::env::args().skip(1);
        while let Some(flag) = args.next() {
            match flag.as_str() {
                "--quick" => {
                    options.plan = Plan { warmup: Duration::from_millis(500), window: Duration::from_secs(1) };
                    options.rounds = 1;
                }
                "--rounds" => options.rounds = args.next()?.parse().ok().filter(|rounds| (1..=100).contains(rounds))?,
                "--seconds" => {
                    let seconds = args.next()?.parse().ok().filter(|seconds| (1..=60).contains(seconds))?;
                    options.plan.window = Duration::from_secs(seconds);
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Options::from_args() {
        Some(options) => measure(options).await,
        None => {
            tell(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("bench client: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: Options) -> io::Result<()> {
    machine::check_cores()?;
    let watch = Watch::begin().await?;
    let mut all: Vec<Figures> = subject::all()?.into_iter().map(Figures::new).collect();
    for round in 1..=options.rounds {
        for figures in &mut all {
            tell(&format!("round {round} of {}: {}", options.rounds, figures.subject.name));
            figures.add(run::once(&figures.subject, options.plan).await?);
        }
    }
    let (rounds, plan) = (options.rounds, options.plan);
    let (callers, servers) = (run::CALLERS, run::SERVERS);
    let mut out = io::stdout();
    writeln!(out, "{}", watch.describe()?)?;
    writeln!(
        out,
        "{rounds} rounds, {:?} warm-up, {:?} measured, {callers} callers, {servers} servers (raw hyper)\n",
        plan.warmup, plan.window
    )?;
    writeln!(out, "{}", report::table(&all))?;
    writeln!(out, "{}", report::notes(&all))?;
    write!(out, "{}", aims::text(&all))
}

/// Progress, for whoever waits; the table alone goes to stdout.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
