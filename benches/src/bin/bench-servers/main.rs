//! `./bench http` and `./bench grpc`: kit's servers and their peers under the same load, in one table from one run.
//!
//! Servers are run in turn, A B C … A B C …, each a fresh process, warmed up, then measured for a window; figures are medians
//! of the rounds. README.md says how to read them.

mod aims;
mod load;
mod report;
mod run;
mod subject;
mod syscalls;
mod wire;

use std::io::{self, Write as _};
use std::process::ExitCode;

use kit_bench::machine::{self, Watch};
use kit_bench::plan::{self, Plan, tell};

use self::report::Figures;
use self::run::Cores;
use self::wire::Wire;

const USAGE: &str = "usage: ./bench http|grpc [--quick] [--rounds N] [--seconds S] [--only NAME,NAME]";

struct Options {
    wire: Wire,
    plan: Plan,
    /// Parts of the names of the servers to run; all if there is none.
    only: Vec<String>,
}

impl Options {
    fn from_args() -> Option<Self> {
        let mut args = std::env::args().skip(1);
        let mut options = Self { wire: Wire::of(&args.next()?)?, plan: Plan::default(), only: Vec::new() };
        while let Some(flag) = args.next() {
            match flag.as_str() {
                "--only" => options.only = args.next()?.split(',').map(str::to_owned).collect(),
                shared => options.plan.take(shared, &mut args)?,
            }
        }
        Some(options)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Options::from_args() {
        Some(options) => plan::exit("bench", measure(options).await),
        None => plan::misused(USAGE),
    }
}

async fn measure(options: Options) -> io::Result<()> {
    machine::check_cores()?;
    let watch = Watch::begin().await?;
    let subjects = subject::all(options.wire)?;
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part.as_str()));
    let mut all: Vec<Figures> = subjects.into_iter().filter(|subject| wanted(subject.name)).map(Figures::new).collect();

    for cores in [Cores::One, Cores::Both] {
        for round in 1..=options.plan.rounds {
            for figures in &mut all {
                tell(&format!("{cores}, round {round} of {}: {}", options.plan.rounds, figures.subject));
                figures.add(cores, run::once(&figures.subject, options.wire, cores, options.plan).await?);
            }
        }
    }
    for figures in &mut all {
        tell(&format!("system calls: {}", figures.subject));
        figures.syscalls = syscalls::per_request(&figures.subject, options.wire).await?;
    }

    let mut out = io::stdout();
    writeln!(out, "{}", watch.describe()?)?;
    let Options { wire, plan: Plan { warmup, window, rounds }, only } = options;
    writeln!(out, "{wire}: {rounds} rounds, {warmup:?} warm-up, {window:?} measured, {}\n", wire.load())?;
    writeln!(out, "{}", report::table(&all, wire))?;
    writeln!(out, "{}", report::notes(&all, wire))?;
    write!(out, "{}", aims::text(&all, wire, !only.is_empty()))
}
