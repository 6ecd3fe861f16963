//! What is known of a case: counted here, timed by Criterion, allocated as the allocation bench says.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::callgrind;

/// Where `./bench micro` puts what `allocations` prints.
const ALLOCATIONS: &str = "BENCH_ALLOCATIONS";
/// Where Criterion puts what it measured.
const CRITERION: &str = "CRITERION_HOME";

pub(crate) struct Measured {
    pub(crate) name: String,
    /// `None` if a thread of its own does a part of it.
    pub(crate) instructions: Option<f64>,
    /// The median; `None` if it was not timed.
    pub(crate) nanoseconds: Option<f64>,
    pub(crate) allocations: Option<f64>,
}

impl Measured {
    pub(crate) fn of(name: &str, counted: bool) -> io::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            instructions: counted.then(|| callgrind::instructions(name)).transpose()?,
            nanoseconds: nanoseconds(name),
            allocations: allocations(name),
        })
    }
}

fn nanoseconds(name: &str) -> Option<f64> {
    // A slash would be a folder.
    let file = Path::new(&env::var_os(CRITERION)?).join(name.replace('/', "_")).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates.pointer("/median/point_estimate")?.as_f64()
}

fn allocations(name: &str) -> Option<f64> {
    let lines = fs::read_to_string(PathBuf::from(env::var_os(ALLOCATIONS)?)).ok()?;
    let line = lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'))?;
    line.split('\t').next()?.parse().ok()
}
