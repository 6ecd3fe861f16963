//! This program under callgrind.

use std::collections::BTreeMap;
use std::process::{self, Command, Output};
use std::{env, fs, io};

/// So many runs are counted.
const TIMES: u64 = 2_000;

/// Counting is on within this function alone, whose name is given in full: a pattern would match the closures in it too, and each
/// match turns it off again. Neither the other cases that are set up nor the threads of some are in it.
const COUNTED: &str = "--toggle-collect=counts::counted";

/// The instructions of one run of a case.
pub(crate) fn instructions(name: &str) -> io::Result<f64> {
    let output = run("/dev/null", name)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count: Option<f64> = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if count > 0.0 => Ok(count / TIMES as f64),
        _ => Err(io::Error::other(format!("callgrind counted nothing: {text}"))),
    }
}

/// The instructions of one run of a case by function, each alone.
pub(crate) fn functions(name: &str) -> io::Result<BTreeMap<String, f64>> {
    let file = env::temp_dir().join(format!("kit-bench.callgrind.{}", process::id()));
    let annotate =
        |_| Command::new("callgrind_annotate").args(["--threshold=100", "--show-percs=no"]).arg(&file).output();
    let output = run(&file.to_string_lossy(), name).and_then(annotate);
    fs::remove_file(&file)?;
    let mut functions = BTreeMap::new();
    for (function, count) in String::from_utf8_lossy(&output?.stdout).lines().filter_map(function) {
        *functions.entry(function.to_owned()).or_default() += count / TIMES as f64;
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

fn run(file: &str, name: &str) -> io::Result<Output> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", COUNTED, &format!("--callgrind-out-file={file}")])
        .arg(env::current_exe()?)
        .args(["--run", name, &TIMES.to_string()])
        .output()
        .map_err(|error| io::Error::other(format!("valgrind (Debian's package of that name): {error}")))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
