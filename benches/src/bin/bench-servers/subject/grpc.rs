//! The servers of gRPC.

use std::io;

use super::{
    GO_RUNTIME, GO_STACK, KIT_BARE, KIT_FULL, PER_CORE, RAW, STEALING, Subject, TONIC, counted, find, go, program,
};

pub(super) fn all() -> io::Result<Vec<Subject>> {
    let (program, counted) = (program("bench-grpc")?, counted()?);
    let mut all = Vec::new();
    for (name, server, has) in [
        (
            RAW,
            "raw",
            "hyper's HTTP/2 and prost by hand: a path, a frame, trailers; no limit, no deadline, no other status",
        ),
        (
            TONIC,
            "tonic",
            "tonic's transport server as it comes, a service as its generator writes it; no limit but the message's",
        ),
        (KIT_BARE, "kit", "kit's host with all its limits, router, gRPC binding; no layer"),
        (
            KIT_FULL,
            "kit-full",
            "the same inside the default stack: panics caught twice, request id, counter + histogram + gauge, a logfmt line \
             with the time to /dev/null, deadline",
        ),
    ] {
        for runtime in [STEALING, PER_CORE] {
            let args = ["--server", server, "--runtime", runtime].map(str::to_owned).into();
            all.push(Subject { name, runtime, has, program: program.clone(), args, allocations: find(&counted, name) });
        }
    }
    if let Some(program) = go() {
        let bare = "Go kit's transport/grpc on grpc-go, one endpoint; no limit but the message's";
        let stack = "the same with the example's logging (a logfmt line with the time to /dev/null) and instrumenting (counter + \
                     histogram); no request id, no deadline";
        for (name, has, flags) in [("Go kit", bare, &["--grpc"][..]), (GO_STACK, stack, &["--grpc", "--stack"])] {
            let args = flags.iter().map(|flag| (*flag).to_owned()).collect();
            all.push(Subject {
                name,
                runtime: GO_RUNTIME,
                has,
                program: program.clone(),
                args,
                allocations: find(&counted, name),
            });
        }
    }
    Ok(all)
}
