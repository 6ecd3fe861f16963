//! Who is measured.

use std::path::PathBuf;
use std::{env, fs, io};

/// The path of the program in Go, if `./bench` could build it.
const GO: &str = "BENCH_GO";
/// Where `./bench` puts what `allocations` prints, and what the client in Go does.
const ALLOCATIONS: &str = "BENCH_ALLOCATIONS";

pub(crate) const KIT: &str = "kit";
pub(crate) const KIT_LOGS: &str = "kit, a line a call";
pub(crate) const POOL: &str = "hyper-util's pool";
pub(crate) const CONNECTION: &str = "a connection per caller";
pub(crate) const GO_KIT: &str = "Go kit";

/// A client.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// What stands in it, and what it lacks that others have.
    pub(crate) has: &'static str,
    pub(crate) program: PathBuf,
    /// What `bench-caller` calls it; none for the program in Go, whose flags are others.
    pub(crate) client: Option<&'static str>,
    /// Allocations and bytes of a call.
    pub(crate) allocations: Option<(f64, f64)>,
}

/// Everybody, so that those who are compared follow one another.
pub(crate) fn all() -> io::Result<Vec<Subject>> {
    let program = env::current_exe()?.with_file_name("bench-caller");
    let counted = env::var_os(ALLOCATIONS).map(fs::read_to_string).transpose()?.unwrap_or_default();
    let mut all = Vec::new();
    for (name, client, case, has) in [
        (
            KIT,
            "kit",
            "call/kit",
            "kit::client over three fixed instances, as it comes: P2C over peak EWMA, ejection, a breaker for each instance, retry \
             within a budget, deadline, metrics, a pool for each instance; its log is discarded",
        ),
        (
            KIT_LOGS,
            "kit-logs",
            "call/kit, a line a call",
            "the same with a logfmt line a call, with the time, to /dev/null",
        ),
        (
            POOL,
            "pool",
            "call/hyper-util's pool",
            "hyper-util's legacy client and round robin in a loop; no retry, no deadline, no breaker, no metrics, no log",
        ),
        (
            CONNECTION,
            "connection",
            "call/a connection per caller",
            "hyper's http1 connection for each caller, to one server each; nothing is shared or chosen",
        ),
    ] {
        let allocations = find(&counted, case);
        all.push(Subject { name, has, program: program.clone(), client: Some(client), allocations });
    }
    if let Some(program) = env::var_os(GO).map(PathBuf::from) {
        let has = "Go kit's FixedInstancer, Endpointer, RoundRobin and Retry(3) round its HTTP client, with 128 idle connections a host \
                   instead of Go's 2; no breaker, no metrics, no log";
        let allocations = find(&counted, "call/Go kit");
        all.push(Subject { name: GO_KIT, has, program, client: None, allocations });
    }
    Ok(all)
}

/// A line of `allocations`: the case, allocations, bytes, with tabs between them.
fn find(counted: &str, case: &str) -> Option<(f64, f64)> {
    let line = counted.lines().find_map(|line| line.strip_prefix(case)?.strip_prefix('\t'))?;
    let (count, bytes) = line.split_once('\t')?;
    Some((count.parse().ok()?, bytes.parse().ok()?))
}
