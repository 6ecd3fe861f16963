//! The table, and what its rows stand for.

use std::fmt::Write as _;

use kit_bench::figures;
use kit_bench::table::{Table, figure};

use crate::run::Sample;
use crate::subject::{POOL, Subject};

/// All that was measured of a client.
pub(crate) struct Figures {
    pub(crate) subject: Subject,
    samples: Vec<Sample>,
}

impl Figures {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, samples: Vec::new() }
    }

    pub(crate) fn add(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// The median of the rounds.
    pub(crate) fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        figures::median(self.samples.iter().map(of).collect())
    }

    fn range(&self) -> (f64, f64) {
        let least = self.samples.iter().map(cpu).fold(f64::INFINITY, f64::min);
        (least, self.samples.iter().map(cpu).fold(0.0, f64::max))
    }
}

/// Processor time of a call, in microseconds.
pub(crate) fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}

pub(crate) fn find<'a>(all: &'a [Figures], name: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| figures.subject.name == name)
}

pub(crate) fn table(all: &[Figures]) -> Table {
    let mut table =
        Table::new(["client", "CPU µs", "min..max", "kernel's", "x pool", "calls/s", "allocations", "bytes"]);
    let pool = find(all, POOL).map(|pool| pool.median(cpu));
    for figures in all {
        let (least, most) = figures.range();
        table.row([
            figures.subject.name.to_owned(),
            figure(Some(figures.median(cpu)), 2),
            format!("{least:.2}..{most:.2}"),
            figure(Some(figures.median(|sample| sample.system)), 2),
            figure(pool.map(|pool| figures.median(cpu) / pool), 2),
            figure(Some(figures.median(|sample| sample.rate)), 0),
            figure(figures.subject.allocations.map(|(count, _)| count), 1),
            figure(figures.subject.allocations.map(|(_, bytes)| bytes), 0),
        ]);
    }
    table
}

/// What stands in each client, and how much the rounds differed.
pub(crate) fn notes(all: &[Figures]) -> String {
    let mut text = String::from(
        "CPU µs is user and system time of the client a call; the client has core 0, the servers core 1. Allocations are of a call on \
         one thread, one after another.\n\n",
    );
    for Figures { subject, .. } in all {
        let _ = writeln!(text, "- {}: {}", subject.name, subject.has);
    }
    let spread = all.iter().map(|figures| {
        let (least, most) = figures.range();
        (most - least) / figures.median(cpu) * 100.0
    });
    let _ = writeln!(text, "\nThe rounds of one client differ by up to {:.0} %.", spread.fold(0.0, f64::max));
    text
}
