//! What the figures were meant to be, and by how much one is missed.

mod grpc;
mod http;

use std::fmt::Write as _;

use kit_bench::figures::Aim;

use crate::report::{Figures, find};
use crate::run::{Cores, Sample};
use crate::wire::Wire;

/// A server in a layout.
type Who<'a> = (&'a str, &'a str);

/// The aims, each with what came of it. Of a part of the servers, only those that it has figures for.
pub(crate) fn text(all: &[Figures], wire: Wire, partly: bool) -> String {
    let mut aims = Aims { all, partly, text: String::from("Aims:\n") };
    match wire {
        Wire::Http => http::tell(&mut aims),
        Wire::Grpc => grpc::tell(&mut aims),
    }
    aims.text
}

struct Aims<'a> {
    all: &'a [Figures],
    partly: bool,
    text: String,
}

impl Aims<'_> {
    fn of(&self, (name, runtime): Who<'_>) -> Option<&Figures> {
        find(self.all, name, runtime)
    }

    fn ratio(&self, cores: Cores, what: fn(&Sample) -> f64, who: Who<'_>, to: Who<'_>) -> Option<f64> {
        Some(self.of(who)?.median(cores, what) / self.of(to)?.median(cores, what))
    }

    fn aim(&mut self, what: String, got: Option<f64>, aim: Aim) {
        if got.is_some() || !self.partly {
            let _ = writeln!(self.text, "- {what}: {}", aim.verdict(got));
        }
    }
}
