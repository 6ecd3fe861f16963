//! The cases, counted: instructions under callgrind, the same on a busy machine as on an idle one. It is the gate: a case that
//! takes more than `counts.txt` allows fails.
//!
//! Prints the table of `./bench micro`: what Criterion timed and what was allocated stand beside it.
//!
//! `--accept` writes what was counted to `counts.txt`; `--profile CASE [BASE]` says which functions a case spends its
//! instructions in, or more of them than another case.

mod aims;
mod callgrind;
mod limits;
mod measured;
mod peers;
mod profile;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use kit_bench::cases::{Cases, Set};
use kit_bench::table::{Table, figure};

use self::limits::Limits;
use self::measured::Measured;

/// Long enough for caches, buffers and lazy values to be there.
const WARM: u64 = 200;

/// What callgrind counts: found by its name.
#[inline(never)]
fn counted(times: u64, f: &mut dyn FnMut()) {
    (0..times).for_each(|_| f());
}

/// Runs the one case so many times.
struct Run<'a> {
    wanted: &'a str,
    times: u64,
    found: bool,
}

impl Cases for Run<'_> {
    fn case(&mut self, name: &'static str, mut f: impl FnMut()) {
        if name == self.wanted {
            self.found = true;
            (0..WARM).for_each(|_| f());
            counted(self.times, &mut f);
        }
    }

    fn timed(&mut self, _name: &'static str, _f: impl FnMut()) {}

    fn contended(&mut self, _name: &'static str, _f: impl Fn() + Sync) {}
}

/// The names of the cases, in their order, and whether their instructions can be counted.
#[derive(Default)]
struct Names(Vec<(&'static str, bool)>);

impl Cases for Names {
    fn case(&mut self, name: &'static str, _f: impl FnMut()) {
        self.0.push((name, true));
    }

    fn timed(&mut self, name: &'static str, _f: impl FnMut()) {
        self.0.push((name, false));
    }

    fn contended(&mut self, name: &'static str, _f: impl Fn() + Sync) {
        self.0.push((name, false));
    }
}

fn main() -> ExitCode {
    // cargo says `--bench` to whatever it runs as one.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["--run", wanted, times] => times.parse().map_err(io::Error::other).and_then(|times| run(wanted, times)),
        ["--profile", case] => profile::print(case, None).map(|()| true),
        ["--profile", case, base] => profile::print(case, Some(base)).map(|()| true),
        ["--accept"] => table(true),
        [] => table(false),
        _ => Err(io::Error::other("usage: [--accept | --profile CASE [BASE]]")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "counts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &str, times: u64) -> io::Result<bool> {
    let mut run = Run { wanted, times, found: false };
    Set::wanted()?.all(&mut run);
    match run.found {
        true => Ok(true),
        false => Err(io::Error::other(format!("there is no case {wanted:?}"))),
    }
}

/// Counts, prints, and says whether every case kept its limit.
fn table(accept: bool) -> io::Result<bool> {
    let set = Set::wanted()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(match set {
        Set::Micro => "counts.txt",
        Set::Observe => "counts-observe.txt",
        Set::Circuit => "counts-circuit.txt",
        Set::Client => "counts-client.txt",
        Set::Grpc => "counts-grpc.txt",
    });
    let mut limits = Limits::read(&file)?;
    let mut names = Names::default();
    set.all(&mut names);
    let measured = names.0.into_iter().map(|(name, counted)| Measured::of(name, counted));
    let mut measured: Vec<Measured> = measured.collect::<io::Result<_>>()?;
    peers::join(&mut measured)?;

    let mut table = Table::new(["case", "ns", "allocations", "instructions", "limit", ""]);
    let mut kept = true;
    for case in &measured {
        let verdict = case.instructions.map(|instructions| limits.verdict(&case.name, instructions));
        kept &= verdict.as_ref().is_none_or(limits::Verdict::kept);
        table.row([
            case.name.clone(),
            figure(case.nanoseconds, 1),
            figure(case.allocations, 1),
            figure(case.instructions, 0),
            figure(limits.of(&case.name), 0),
            verdict.map_or_else(String::new, |verdict| verdict.to_string()),
        ]);
    }
    write!(io::stdout(), "{table}\n{}", aims::text(set, &measured))?;
    if accept {
        limits.accept(measured.iter().filter_map(|case| Some((&*case.name, case.instructions?))));
        limits.write(&file)?;
        return Ok(true);
    }
    Ok(kept)
}
