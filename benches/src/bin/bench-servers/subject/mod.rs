//! Who is measured.

mod grpc;
mod http;

use std::path::PathBuf;
use std::{env, fmt, fs, io};

use crate::wire::Wire;

/// The path of Go kit's stringsvc, if `./bench` could build it. Not `KIT_…`: what is named so are settings of a service.
const GO: &str = "BENCH_GO";
/// Where `./bench` puts what `allocations` prints, and what Go's stringsvc does.
const ALLOCATIONS: &str = "BENCH_ALLOCATIONS";

pub(crate) const RAW: &str = "raw hyper";
pub(crate) const TONIC: &str = "tonic";
pub(crate) const AXUM: &str = "axum";
pub(crate) const KIT_BARE: &str = "kit bare";
pub(crate) const KIT_FULL: &str = "kit full";
pub(crate) const EXAMPLE: &str = "stringsvc";
pub(crate) const EXAMPLE_OFF: &str = "stringsvc, all off";
pub(crate) const GO_STACK: &str = "Go kit + stack";
pub(crate) const STEALING: &str = "stealing";
pub(crate) const PER_CORE: &str = "per-core";
pub(crate) const GO_RUNTIME: &str = "Go";

/// A server in one layout.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) runtime: &'static str,
    /// What stands round the task, and what it lacks that others have.
    pub(crate) has: &'static str,
    pub(crate) program: PathBuf,
    /// Besides `--addr ADDRESS`.
    pub(crate) args: Vec<String>,
    /// Allocations and bytes of a request.
    pub(crate) allocations: Option<(f64, f64)>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name, self.runtime)
    }
}

/// Everybody, so that those who are compared follow one another.
pub(crate) fn all(wire: Wire) -> io::Result<Vec<Subject>> {
    match wire {
        Wire::Http => http::all(),
        Wire::Grpc => grpc::all(),
    }
}

/// One of the programs beside this one.
fn program(name: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(name))
}

/// The peers in Go, if they could be built.
fn go() -> Option<PathBuf> {
    env::var_os(GO).map(PathBuf::from)
}

/// What `allocations` printed.
fn counted() -> io::Result<String> {
    Ok(env::var_os(ALLOCATIONS).map(fs::read_to_string).transpose()?.unwrap_or_default())
}

/// A line of `allocations`: the case of a server's whole request, allocations, bytes, with tabs between them.
fn find(counted: &str, name: &str) -> Option<(f64, f64)> {
    let line = counted.lines().find_map(|line| line.strip_prefix("wire/")?.strip_prefix(name)?.strip_prefix('\t'))?;
    let (count, bytes) = line.split_once('\t')?;
    Some((count.parse().ok()?, bytes.parse().ok()?))
}
