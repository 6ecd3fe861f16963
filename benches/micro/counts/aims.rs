//! What the figures were meant to be.

use std::fmt::Write as _;

use kit_bench::cases;

use crate::measured::Measured;

/// The aims, each with what came of it.
pub(crate) fn text(measured: &[Measured]) -> String {
    let case = |name: &str| measured.iter().find(|case| case.name == name);
    let mut text = String::new();
    let mut aim = |what: &str, got: Option<f64>, most: f64, unit: &str| {
        let _ = match got {
            Some(got) => {
                let verdict = if got <= most {
                    "met".to_owned()
                } else {
                    format!("missed by {:.0} %", (got / most - 1.0) * 100.0)
                };
                writeln!(text, "- {what}: {got:.1} {unit}, aim {most} {unit}: {verdict}")
            }
            None => writeln!(text, "- {what}: not measured"),
        };
    };
    let nanoseconds = |name: &str| case(name).and_then(|case| case.nanoseconds);
    let allocations = |name: &str| case(name).and_then(|case| case.allocations);
    let (fixed, erased) = ("layers/8 named futures", "layers/8 named futures, erased once");
    aim("8 layers, static (row 14)", nanoseconds(fixed), 5.0, "ns");
    aim("8 layers, static (row 14)", allocations(fixed), 0.0, "allocations");
    aim("8 layers, erased once (row 14)", nanoseconds(erased), 16.0, "ns");
    aim("8 layers, erased once (row 14)", allocations(erased), 1.0, "allocations");
    aim("the default stack and its context", allocations("layers/default stack and its context"), 0.0, "allocations");
    aim(
        "clock reads of a call through the default stack (row 18)",
        Some(f64::from(cases::clock_reads())),
        2.0,
        "reads",
    );
    let ratio = |name: &str| Some(case(name)?.instructions / case("wire/raw hyper")?.instructions);
    for name in ["wire/kit bare", "wire/kit full", "wire/axum", "wire/axum + layers"] {
        if let Some(ratio) = ratio(name) {
            let _ = writeln!(text, "- {name}: {ratio:.2} x the instructions of raw hyper, without the kernel's");
        }
    }
    text
}
