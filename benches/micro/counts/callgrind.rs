//! This program under callgrind.

use std::io;
use std::process::{Command, Output};

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

/// Prints where a case spends its instructions, start and end included.
pub(crate) fn profile(name: &str) -> io::Result<()> {
    let file = std::env::temp_dir().join(format!("kit-bench.callgrind.{}", std::process::id()));
    run(&file.to_string_lossy(), name, MANY)?;
    let shown = Command::new("callgrind_annotate").args(["--threshold=95", "--show-percs=yes"]).arg(&file).status();
    std::fs::remove_file(&file)?;
    shown.map(drop)
}

fn run(file: &str, name: &str, times: u64) -> io::Result<Output> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={file}")])
        .arg(std::env::current_exe()?)
        .args(["--run", name, &times.to_string()])
        .output()
        .map_err(|error| io::Error::other(format!("valgrind (Debian's package of that name): {error}")))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
