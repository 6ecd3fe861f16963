//! The servers of HTTP.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{
    AXUM, EXAMPLE, EXAMPLE_OFF, GO_RUNTIME, GO_STACK, KIT_BARE, KIT_FULL, PER_CORE, RAW, STEALING, Subject, counted,
    find, go, program,
};

pub(super) fn all() -> io::Result<Vec<Subject>> {
    let counted = counted()?;
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
            all.push(Subject { name, runtime, has, program: program(file)?, args, allocations: find(&counted, name) });
        }
    }
    all.extend(example(program("stringsvc")?, &counted)?);
    for runtime in [STEALING, PER_CORE] {
        all.push(Subject {
            name: EXAMPLE_OFF,
            runtime,
            has: "the same operations without a layer or a middleware that logs or counts",
            program: program("bench-stringsvc-off")?,
            args: vec!["--runtime".to_owned(), runtime.to_owned()],
            allocations: find(&counted, EXAMPLE_OFF),
        });
    }
    if let Some(go) = go() {
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
