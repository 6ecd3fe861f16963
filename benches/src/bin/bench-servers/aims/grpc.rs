//! Rows 8 to 11.

use kit_bench::figures::Aim;

use super::Aims;
use crate::report::cpu;
use crate::report::rate;
use crate::run::Cores;
use crate::subject::{GO_RUNTIME, GO_STACK, KIT_BARE, KIT_FULL, PER_CORE, STEALING, TONIC};

pub(super) fn tell(aims: &mut Aims<'_>) {
    for runtime in [STEALING, PER_CORE] {
        let (tonic, bare, full) = ((TONIC, runtime), (KIT_BARE, runtime), (KIT_FULL, runtime));
        let ratio = aims.ratio(Cores::One, cpu, bare, tonic);
        aims.aim(format!("9 · bare / tonic, CPU, {runtime}"), ratio, Aim::AtMost(1.03));
        aims.aim(format!("11 · bare / tonic, CPU, stretch, {runtime}"), ratio, Aim::AtMost(0.85));
        let ratio = aims.ratio(Cores::One, cpu, full, tonic);
        aims.aim(format!("10 · full / tonic, CPU, {runtime}"), ratio, Aim::AtMost(1.12));
        let ratio = aims.ratio(Cores::One, cpu, (GO_STACK, GO_RUNTIME), full);
        aims.aim(format!("10 · Go kit + stack / full, CPU, {runtime}"), ratio, Aim::AtLeast(2.5));
    }
    let allocations = aims.of((KIT_BARE, PER_CORE)).and_then(|bare| bare.subject.allocations);
    aims.aim("11 · allocations, bare, stretch".to_owned(), allocations.map(|(count, _)| count), Aim::AtMost(25.0));
    aims.aim("11 · KiB, bare, stretch".to_owned(), allocations.map(|(_, bytes)| bytes / 1024.0), Aim::AtMost(8.0));
    for name in [TONIC, KIT_BARE, KIT_FULL] {
        let ratio = aims.ratio(Cores::Both, rate, (name, PER_CORE), (name, STEALING));
        aims.aim(format!("8 · per-core / stealing, req/s on two cores, {name}"), ratio, Aim::AtLeast(1.6));
    }
}
