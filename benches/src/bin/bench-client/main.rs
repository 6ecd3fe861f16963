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

use kit_bench::machine::{self, Watch};
use kit_bench::plan::{self, Plan, tell};

use self::report::Figures;

const USAGE: &str = "usage: ./bench client [--quick | --accept | --profile CASE [BASE]] [--rounds N] [--seconds S]";

fn plan_of_args() -> Option<Plan> {
    let (mut plan, mut args) = (Plan::default(), std::env::args().skip(1));
    while let Some(flag) = args.next() {
        plan.take(&flag, &mut args)?;
    }
    Some(plan)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match plan_of_args() {
        Some(plan) => plan::exit("bench client", measure(plan).await),
        None => plan::misused(USAGE),
    }
}

async fn measure(plan: Plan) -> io::Result<()> {
    machine::check_cores()?;
    let watch = Watch::begin().await?;
    let mut all: Vec<Figures> = subject::all()?.into_iter().map(Figures::new).collect();
    for round in 1..=plan.rounds {
        for figures in &mut all {
            tell(&format!("round {round} of {}: {}", plan.rounds, figures.subject.name));
            figures.add(run::once(&figures.subject, plan).await?);
        }
    }
    let Plan { warmup, window, rounds } = plan;
    let (callers, servers) = (run::CALLERS, run::SERVERS);
    let mut out = io::stdout();
    writeln!(out, "{}", watch.describe()?)?;
    writeln!(
        out,
        "{rounds} rounds, {warmup:?} warm-up, {window:?} measured, {callers} callers, {servers} servers (raw hyper)\n"
    )?;
    writeln!(out, "{}", report::table(&all))?;
    writeln!(out, "{}", report::notes(&all))?;
    write!(out, "{}", aims::text(&all))
}
