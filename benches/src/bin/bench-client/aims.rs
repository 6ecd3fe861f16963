//! What the figures were meant to be: rows 12 and 13 of the aims, and by how much one is missed.

use std::fmt::Write as _;

use kit_bench::figures::Aim;

use crate::report::{Figures, cpu, find};
use crate::subject::{CONNECTION, GO_KIT, KIT, POOL};

/// The aims, each with what came of it.
pub(crate) fn text(all: &[Figures]) -> String {
    let ratio = |who: &str, to: &str| Some(find(all, who)?.median(cpu) / find(all, to)?.median(cpu));
    // As the table prints it: what is allocated once in a thousand calls is no allocation a call.
    let allocations = |who: &str| Some((find(all, who)?.subject.allocations?.0 * 10.0).round() / 10.0);
    let mut text = String::from("Aims:\n");
    for (what, got, aim) in [
        ("12 · kit / hyper-util's pool, CPU", ratio(KIT, POOL), Aim::AtMost(1.10)),
        ("12 · Go kit / kit, CPU", ratio(GO_KIT, KIT), Aim::AtLeast(3.9)),
        ("13 · stretch: kit / hyper-util's pool, CPU", ratio(KIT, POOL), Aim::AtMost(0.85)),
        ("13 · stretch: allocations of a call", allocations(KIT), Aim::AtMost(15.0)),
    ] {
        let _ = writeln!(text, "- {what}: {}", aim.verdict(got));
    }
    if let Some(floor) = ratio(CONNECTION, POOL) {
        let _ = writeln!(text, "- the floor, a connection per caller / hyper-util's pool: {floor:.2}");
    }
    text
}
