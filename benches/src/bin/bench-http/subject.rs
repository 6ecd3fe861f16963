//! Who is measured.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fmt, fs, io};

/// The path of Go kit's stringsvc, if `./bench` could build it. Not `KIT_…`: what is named so are settings of a service.
const GO: &str = "BENCH_GO";
/// Where `./bench` puts what `allocations` prints, and what Go's stringsvc does.
const ALLOCATIONS: &str = "BENCH_ALLOCATIONS";

pub(crate) const RAW: &str = "raw hyper";
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
pub(crate) fn all() -> io::Result<Vec<Subject>> {
    let own = env::current_exe()?;
    let program = |name: &str| own.with_file_name(name);
    let counted = env::var_os(ALLOCATIONS).map(fs::read_to_string).transpose()?.unwrap_or_default();
    let mut all = Vec::new();
    for (name, file, has) in [
        (RAW, "bench-raw", "hyper-util's auto server with a header timer, a path, serde_json; nothing else"),
        (KIT_BARE, "bench-kit-bare", "kit's host with all its limits, router, JSON binding; no layer"),
        (
            KIT_FULL,
            "bench-kit-full",
            "the same inside the default stack: panics caught twice, request id, counter + histogram + gauge, a logfmt line \
             with the time to /dev/null, deadline",
        ),
        (AXUM, "bench-axum", "axum::serve; no header timer, no limits"),
        (
            "axum + layers",
            "bench-axum-layers",
            "tower-http: panics caught, request id, timeout; counter + histogram of the crate prometheus; TraceLayer's line \
             by tracing-subscriber to /dev/null; no header timer",
        ),
    ] {
        for runtime in [STEALING, PER_CORE] {
            let args = vec!["--runtime".to_owned(), runtime.to_owned()];
            all.push(Subject { name, runtime, has, program: program(file), args, allocations: find(&counted, name) });
        }
    }
    all.extend(example(program("stringsvc"), &counted)?);
    for runtime in [STEALING, PER_CORE] {
        all.push(Subject {
            name: EXAMPLE_OFF,
            runtime,
            has: "the same operations without a layer or a middleware that logs or counts",
            program: program("bench-stringsvc-off"),
            args: vec!["--runtime".to_owned(), runtime.to_owned()],
            allocations: find(&counted, EXAMPLE_OFF),
        });
    }
    if let Some(go) = env::var_os(GO).map(PathBuf::from) {
        let bare = "Go kit's example: net/http, JSON, one endpoint; no header timer, no limits";
        let stack = "the same with the example's logging (a logfmt line with the time to /dev/null) and instrumenting (counter + \
                     histogram); no request id, no deadline; kit/metrics is not packaged: its Prometheus adapter is ours, \
                     benches/go/prometheus.go";
        for (name, has, args) in [("Go kit", bare, vec![]), (GO_STACK, stack, vec!["--stack".to_owned()])] {
            let allocations = find(&counted, name);
            all.push(Subject { name, runtime: GO_RUNTIME, has, program: go.clone(), args, allocations });
        }
    }
    Ok(all)
}

/// `examples/stringsvc` as its users start it, in the layouts that it has.
fn example(program: PathBuf, counted: &str) -> io::Result<Vec<Subject>> {
    let name = EXAMPLE;
    let has = "examples/stringsvc as it is: kit full, and the example's own two middlewares";
    let help = Command::new(&program).arg("--help").stderr(Stdio::null()).output()?;
    let allocations = find(counted, name);
    let subject = |runtime, args| Subject { name, runtime, has, program: program.clone(), args, allocations };
    if !String::from_utf8_lossy(&help.stdout).contains("--runtime") {
        return Ok(vec![subject(STEALING, vec![])]);
    }
    Ok([STEALING, PER_CORE].map(|runtime| subject(runtime, vec!["--runtime".to_owned(), runtime.to_owned()])).into())
}

/// A line of `allocations`: the case of a server's whole request, allocations, bytes, with tabs between them.
fn find(counted: &str, name: &str) -> Option<(f64, f64)> {
    let line = counted.lines().find_map(|line| line.strip_prefix("wire/")?.strip_prefix(name)?.strip_prefix('\t'))?;
    let (count, bytes) = line.split_once('\t')?;
    Some((count.parse().ok()?, bytes.parse().ok()?))
}
