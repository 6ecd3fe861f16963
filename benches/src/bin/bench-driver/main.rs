//! The driver of tests with faults: an instance that writes down what it executed, a caller that writes down what became of its calls,
//! a checker that joins the two, and the faults. README.md says how to use it.

mod call;
mod check;
mod client;
mod clock;
mod faults;
mod flags;
mod instance;
mod ledger;
mod service;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use kit::Error;
use kit_bench::layout;

/// What a command came to.
enum Done {
    /// All is well.
    Well,
    /// It was measured, and something is not as it should be: said already.
    Badly,
}

/// Why a command did not do what it is for.
enum Failed {
    /// What it was given is wrong: everything about it, in lines.
    Given(String),
    /// It was asked for this text.
    Asked(String),
    /// It could not go on.
    Broken(String),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Broken(error.report().to_string())
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

const USAGE: &str = "usage: bench-driver instance|call|check|faults FLAGS; each has --help";

/// What was given is wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    let done = match command.to_str() {
        // One thread: four instances and their callers share two cores.
        Some("instance") => instance::Settings::read(args).and_then(|settings| on_a_runtime(instance::run(settings))),
        Some("call") => call::Settings::read(args).and_then(|settings| on_a_runtime(call::run(settings))),
        Some("check") => check::Settings::read(args).and_then(check::run),
        Some("faults") => faults::Settings::read(args).and_then(|settings| on_a_runtime(faults::run(settings))),
        _ => Err(Failed::Given(USAGE.to_owned())),
    };
    // Who has closed the stream does not want to know.
    match done {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Badly) => ExitCode::FAILURE,
        Err(Failed::Asked(text)) => {
            let _ = write!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(Failed::Given(lines)) => {
            let _ = writeln!(io::stderr(), "{lines}");
            ExitCode::from(WRONG)
        }
        Err(Failed::Broken(line)) => {
            let _ = writeln!(io::stderr(), "bench {}: {line}", command.to_string_lossy());
            ExitCode::FAILURE
        }
    }
}

fn on_a_runtime(command: impl Future<Output = Result<Done, Failed>>) -> Result<Done, Failed> {
    layout::single()?.block_on(command)
}
