//! Which functions the instructions of a case go to.

use std::io::{self, Write as _};

use crate::callgrind;

/// How many functions are worth a line.
const LINES: usize = 40;

/// Prints the dearest functions of a run of `case`; with `base`, those by which it differs most from a run of that.
pub(crate) fn print(case: &str, base: Option<&str>) -> io::Result<()> {
    let mut functions = callgrind::functions(case)?;
    for (function, count) in base.map(callgrind::functions).transpose()?.unwrap_or_default() {
        *functions.entry(function).or_default() -= count;
    }
    let total: f64 = functions.values().sum();
    let mut functions: Vec<_> = functions.into_iter().collect();
    functions.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
    let mut out = io::stdout();
    match base {
        Some(base) => writeln!(out, "{total:+8.0} instructions a run: {case}, more than {base}")?,
        None => writeln!(out, "{total:8.0} instructions a run: {case}")?,
    }
    for (function, count) in functions.iter().take(LINES) {
        match base {
            Some(_) => writeln!(out, "{count:+8.0} {function}")?,
            None => writeln!(out, "{count:8.0} {function}")?,
        }
    }
    Ok(())
}
