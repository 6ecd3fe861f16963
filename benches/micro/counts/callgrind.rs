//! This program under callgrind.

use std::collections::BTreeMap;
use std::process::{self, Command, Output};
use std::{env, fs, io};

/// Long enough for caches, buffers and lazy values to be there.
const FEW: u64 = 200;
const MANY: u64 = 2_200;

/// The instructions of one run of a case: of what many runs take more than few do, so that start and end do not count.
pub(crate) fn instructions(name: &str) -> io::Result<f64> {
    let (few, many) = (collected(name, FEW)?, collected(name, MANY)?);
    Ok(many.saturating_sub(few) as f64 / (MANY - FEW) as f64)
}

fn collected(name: &str, times: u64) -> io::Result<u64> {
    let output = run("/dev/null", name, times)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or_else(|| io::Error::other(format!("callgrind counted nothing: {text}")))
}

/// The instructions of one run of a case by function, each alone.
pub(crate) fn functions(name: &str) -> io::Result<BTreeMap<String, f64>> {
    let (few, mut functions) = (annotated(name, FEW)?, annotated(name, MANY)?);
    for (function, count) in &mut functions {
        *count = (*count - few.get(function).unwrap_or(&0.0)) / (MANY - FEW) as f64;
    }
    Ok(functions)
}

fn annotated(name: &str, times: u64) -> io::Result<BTreeMap<String, f64>> {
    let file = env::temp_dir().join(format!("kit-bench.callgrind.{}", process::id()));
    let annotate =
        |_| Command::new("callgrind_annotate").args(["--threshold=100", "--show-percs=no"]).arg(&file).output();
    let output = run(&file.to_string_lossy(), name, times).and_then(annotate);
    fs::remove_file(&file)?;
    let mut functions = BTreeMap::new();
    for (function, count) in String::from_utf8_lossy(&output?.stdout).lines().filter_map(function) {
        *functions.entry(function.to_owned()).or_default() += count;
    }
    Ok(functions)
}

/// `1,234  file:function [object]`
fn function(line: &str) -> Option<(&str, f64)> {
    let (count, place) = line.trim_start().split_once("  ")?;
    let (_, function) = place.trim_start().split_once(':')?;
    let function = function.rsplit_once(" [").map_or(function, |(function, _)| function);
    Some((function, count.replace(',', "").parse().ok()?))
}

fn run(file: &str, name: &str, times: u64) -> io::Result<Output> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={file}")])
        .arg(env::current_exe()?)
        .args(["--run", name, &times.to_string()])
        .output()
        .map_err(|error| io::Error::other(format!("valgrind (Debian's package of that name): {error}")))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
