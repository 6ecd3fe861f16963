//! The table, and what its rows stand for.

use std::fmt::Write as _;

use kit_bench::figures::median;
use kit_bench::table::{Table, figure};

use crate::run::{Cores, Sample};
use crate::subject::{GO_RUNTIME, PER_CORE, Subject};
use crate::wire::Wire;

/// All that was measured of a server.
pub(crate) struct Figures {
    pub(crate) subject: Subject,
    one: Vec<Sample>,
    both: Vec<Sample>,
    pub(crate) syscalls: Option<f64>,
}

impl Figures {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, one: Vec::new(), both: Vec::new(), syscalls: None }
    }

    pub(crate) fn add(&mut self, cores: Cores, sample: Sample) {
        match cores {
            Cores::One => self.one.push(sample),
            Cores::Both => self.both.push(sample),
        }
    }

    /// The median of the rounds.
    pub(crate) fn median(&self, cores: Cores, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.sorted(cores, of))
    }

    fn sorted(&self, cores: Cores, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let samples = match cores {
            Cores::One => &self.one,
            Cores::Both => &self.both,
        };
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn range(&self) -> (f64, f64) {
        let values = self.sorted(Cores::One, cpu);
        (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN))
    }
}

/// Processor time of a request, in microseconds.
pub(crate) fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}

/// Requests a second.
pub(crate) fn rate(sample: &Sample) -> f64 {
    sample.rate
}

/// Peak resident memory, in MiB.
pub(crate) fn peak(sample: &Sample) -> f64 {
    sample.peak
}

pub(crate) fn table(all: &[Figures], wire: Wire) -> Table {
    let base = wire.baseline();
    let beside = format!("x {base}");
    let mut table = Table::new([
        "server",
        "runtime",
        "CPU µs",
        "min..max",
        "kernel's",
        &beside,
        "req/s",
        &beside,
        "2 cores: req/s",
        &beside,
        "CPU µs",
        "allocations",
        "bytes",
        "syscalls",
        "peak MiB",
    ]);
    for figures in all {
        let ratio = |cores, of: fn(&Sample) -> f64| {
            let base = find(all, base, layout(figures.subject.runtime))?;
            Some(figures.median(cores, of) / base.median(cores, of))
        };
        let (least, most) = figures.range();
        table.row([
            figures.subject.name.to_owned(),
            figures.subject.runtime.to_owned(),
            figure(Some(figures.median(Cores::One, cpu)), 2),
            format!("{least:.2}..{most:.2}"),
            figure(Some(figures.median(Cores::One, |sample| sample.system)), 2),
            figure(ratio(Cores::One, cpu), 2),
            figure(Some(figures.median(Cores::One, rate)), 0),
            figure(ratio(Cores::One, rate), 2),
            figure(Some(figures.median(Cores::Both, rate)), 0),
            figure(ratio(Cores::Both, rate), 2),
            figure(Some(figures.median(Cores::Both, cpu)), 2),
            figure(figures.subject.allocations.map(|(count, _)| count), 1),
            figure(figures.subject.allocations.map(|(_, bytes)| bytes), 0),
            figure(figures.syscalls, 2),
            figure(Some(figures.median(Cores::One, peak)), 1),
        ]);
    }
    table
}

/// The layout that a runtime is compared with: its own. Go has one of its own kind; the cheaper of ours it is.
fn layout(runtime: &'static str) -> &'static str {
    if runtime == GO_RUNTIME { PER_CORE } else { runtime }
}

pub(crate) fn find<'a>(all: &'a [Figures], name: &str, runtime: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| figures.subject.name == name && figures.subject.runtime == runtime)
}

/// What stands in each server, and how much the rounds differed.
pub(crate) fn notes(all: &[Figures], wire: Wire) -> String {
    let base = wire.baseline();
    let mut text = format!(
        "CPU µs is user and system time of the server a request; `x {base}` compares with that server in the same runtime, Go \
         with the per-core one. First the server has core 0 and the load core 1; then both have both.\n\n",
    );
    let mut told = "";
    for Figures { subject, .. } in all {
        if subject.name != told {
            told = subject.name;
            let _ = writeln!(text, "- {told}: {}", subject.has);
        }
    }
    let spread = all.iter().map(|figures| {
        let (least, most) = figures.range();
        (most - least) / figures.median(Cores::One, cpu) * 100.0
    });
    let _ = writeln!(text, "\nThe rounds of one server differ by up to {:.0} %.", spread.fold(0.0, f64::max));
    text
}
