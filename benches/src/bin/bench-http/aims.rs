//! What the figures were meant to be: rows 1 to 8 of the aims, and by how much one is missed.

use std::fmt::Write as _;

use kit_bench::figures::Aim;

use crate::report::{Figures, cpu, find, peak, rate};
use crate::run::{Cores, Sample};
use crate::subject::{AXUM, EXAMPLE, EXAMPLE_OFF, GO_RUNTIME, GO_STACK, KIT_BARE, KIT_FULL, PER_CORE, RAW, STEALING};

/// A server in a layout.
type Who<'a> = (&'a str, &'a str);

/// The aims, each with what came of it. Of a part of the servers, only those that it has figures for.
pub(crate) fn text(all: &[Figures], partly: bool) -> String {
    let of = |(name, runtime): Who<'_>| find(all, name, runtime);
    let ratio = |cores, what: fn(&Sample) -> f64, who: Who<'_>, to: Who<'_>| {
        Some(of(who)?.median(cores, what) / of(to)?.median(cores, what))
    };
    let added = |who: Who<'_>, to: Who<'_>| Some(of(who)?.subject.allocations?.0 - of(to)?.subject.allocations?.0);
    let mut text = String::from("Aims:\n");
    let mut aim = |what: String, got: Option<f64>, aim: Aim| {
        if got.is_some() || !partly {
            let _ = writeln!(text, "- {what}: {}", aim.verdict(got));
        }
    };
    for runtime in [STEALING, PER_CORE] {
        let (raw, axum, bare, full) = ((RAW, runtime), (AXUM, runtime), (KIT_BARE, runtime), (KIT_FULL, runtime));
        let go = (GO_STACK, GO_RUNTIME);
        let one = Cores::One;
        aim(format!("1 · bare / raw hyper, CPU, {runtime}"), ratio(one, cpu, bare, raw), Aim::AtMost(1.04));
        aim(format!("2 · full / raw hyper, CPU, {runtime}"), ratio(one, cpu, full, raw), Aim::AtMost(1.15));
        aim(format!("2 · full / bare axum, CPU, {runtime}"), ratio(one, cpu, full, axum), Aim::AtMost(1.0));
        aim(format!("3 · Go kit + stack / full, CPU, {runtime}"), ratio(one, cpu, go, full), Aim::AtLeast(3.2));
        aim(format!("3 · full / Go kit + stack, req/s, {runtime}"), ratio(one, rate, full, go), Aim::AtLeast(3.2));
        let example = ratio(one, cpu, (EXAMPLE, runtime), (EXAMPLE_OFF, runtime));
        aim(format!("stringsvc, all on / all off, CPU, {runtime}"), example, Aim::AtMost(1.12));
        let stack = of(full).zip(of(bare)).map(|(full, bare)| full.median(one, cpu) - bare.median(one, cpu));
        aim(format!("4 · µs that the stack adds, {runtime}"), stack, Aim::AtMost(1.2));
        aim(
            format!("7 · MiB with 64 connections, full, {runtime}"),
            of(full).map(|full| full.median(one, peak)),
            Aim::AtMost(6.0),
        );
    }
    let (raw, bare, full) = ((RAW, PER_CORE), (KIT_BARE, PER_CORE), (KIT_FULL, PER_CORE));
    aim("5 · allocations over raw hyper's, bare".to_owned(), added(bare, raw), Aim::AtMost(2.0));
    aim("5 · allocations over raw hyper's, full".to_owned(), added(full, raw), Aim::AtMost(2.0));
    // Two, three with the line; accepting 64 connections is counted too.
    aim("6 · syscalls, bare".to_owned(), of(bare).and_then(|bare| bare.syscalls), Aim::AtMost(2.1));
    aim("6 · syscalls, full".to_owned(), of(full).and_then(|full| full.syscalls), Aim::AtMost(3.1));
    for name in [RAW, KIT_BARE, KIT_FULL] {
        let got = ratio(Cores::Both, rate, (name, PER_CORE), (name, STEALING));
        aim(format!("8 · per-core / stealing, req/s on two cores, {name}"), got, Aim::AtLeast(1.15));
    }
    text
}
