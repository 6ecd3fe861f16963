//! The cases in Go: timed and counted by `benches/go/events.go`.

use std::{env, fs, io};

use crate::measured::Measured;

/// Where `./bench observe` puts what that program prints: a line each of name, ns, allocations, with tabs between them.
const GO: &str = "BENCH_GO_CASES";

/// Puts each beside those that do the same: after the last of its group, which is the name up to the slash.
pub(crate) fn join(measured: &mut Vec<Measured>) -> io::Result<()> {
    let Some(file) = env::var_os(GO) else { return Ok(()) };
    for text in fs::read_to_string(file)?.lines() {
        let peer = read(text).ok_or_else(|| io::Error::other(format!("no case in Go: {text}")))?;
        let same = |case: &Measured| group(&case.name) == group(&peer.name);
        let at = measured.iter().rposition(same).map_or(measured.len(), |last| last + 1);
        measured.insert(at, peer);
    }
    Ok(())
}

fn read(line: &str) -> Option<Measured> {
    let mut fields = line.split('\t');
    let (name, nanoseconds, allocations) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Measured {
        name: name.to_owned(),
        instructions: None,
        nanoseconds: Some(nanoseconds.parse().ok()?),
        allocations: Some(allocations.parse().ok()?),
    })
}

fn group(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}
