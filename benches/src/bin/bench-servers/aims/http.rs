//! Rows 1 to 8.

use kit_bench::figures::Aim;

use super::{Aims, Who};
use crate::report::{cpu, peak, rate};
use crate::run::Cores;
use crate::subject::{AXUM, EXAMPLE, EXAMPLE_OFF, GO_RUNTIME, GO_STACK, KIT_BARE, KIT_FULL, PER_CORE, RAW, STEALING};

pub(super) fn tell(aims: &mut Aims<'_>) {
    for runtime in [STEALING, PER_CORE] {
        let (raw, axum, bare, full) = ((RAW, runtime), (AXUM, runtime), (KIT_BARE, runtime), (KIT_FULL, runtime));
        let go = (GO_STACK, GO_RUNTIME);
        let one = Cores::One;
        aims.aim(format!("1 · bare / raw hyper, CPU, {runtime}"), aims.ratio(one, cpu, bare, raw), Aim::AtMost(1.04));
        aims.aim(format!("2 · full / raw hyper, CPU, {runtime}"), aims.ratio(one, cpu, full, raw), Aim::AtMost(1.15));
        aims.aim(format!("2 · full / bare axum, CPU, {runtime}"), aims.ratio(one, cpu, full, axum), Aim::AtMost(1.0));
        aims.aim(
            format!("3 · Go kit + stack / full, CPU, {runtime}"),
            aims.ratio(one, cpu, go, full),
            Aim::AtLeast(3.2),
        );
        aims.aim(
            format!("3 · full / Go kit + stack, req/s, {runtime}"),
            aims.ratio(one, rate, full, go),
            Aim::AtLeast(3.2),
        );
        let example = aims.ratio(one, cpu, (EXAMPLE, runtime), (EXAMPLE_OFF, runtime));
        aims.aim(format!("stringsvc, all on / all off, CPU, {runtime}"), example, Aim::AtMost(1.12));
        let stack = aims.of(full).zip(aims.of(bare)).map(|(full, bare)| full.median(one, cpu) - bare.median(one, cpu));
        aims.aim(format!("4 · µs that the stack adds, {runtime}"), stack, Aim::AtMost(1.2));
        aims.aim(
            format!("7 · MiB with 64 connections, full, {runtime}"),
            aims.of(full).map(|full| full.median(one, peak)),
            Aim::AtMost(6.0),
        );
    }
    let (raw, bare, full) = ((RAW, PER_CORE), (KIT_BARE, PER_CORE), (KIT_FULL, PER_CORE));
    aims.aim("5 · allocations over raw hyper's, bare".to_owned(), added(aims, bare, raw), Aim::AtMost(2.0));
    aims.aim("5 · allocations over raw hyper's, full".to_owned(), added(aims, full, raw), Aim::AtMost(2.0));
    // Two, three with the line; accepting 64 connections is counted too.
    aims.aim("6 · syscalls, bare".to_owned(), aims.of(bare).and_then(|bare| bare.syscalls), Aim::AtMost(2.1));
    aims.aim("6 · syscalls, full".to_owned(), aims.of(full).and_then(|full| full.syscalls), Aim::AtMost(3.1));
    for name in [RAW, KIT_BARE, KIT_FULL] {
        let got = aims.ratio(Cores::Both, rate, (name, PER_CORE), (name, STEALING));
        aims.aim(format!("8 · per-core / stealing, req/s on two cores, {name}"), got, Aim::AtLeast(1.15));
    }
}

fn added(aims: &Aims<'_>, who: Who<'_>, to: Who<'_>) -> Option<f64> {
    Some(aims.of(who)?.subject.allocations?.0 - aims.of(to)?.subject.allocations?.0)
}
