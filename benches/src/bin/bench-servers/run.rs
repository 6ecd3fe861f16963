//! One run: a fresh server, its load, and what came of it.

use std::fmt;
use std::io;

use kit_bench::fresh::Server;
use kit_bench::plan::Plan;
use kit_bench::process;

use crate::load;
use crate::subject::Subject;
use crate::wire::Wire;

/// Where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// The server on core 0, the load on core 1: what the server costs.
    One,
    /// Server and load on both: what the server makes of two cores.
    Both,
}

impl Cores {
    fn of_server(self) -> &'static str {
        match self {
            Cores::One => "0",
            Cores::Both => "0,1",
        }
    }

    pub(crate) fn of_load(self) -> &'static str {
        match self {
            Cores::One => "1",
            Cores::Both => "0,1",
        }
    }

    pub(crate) fn count(self) -> &'static str {
        match self {
            Cores::One => "1",
            Cores::Both => "2",
        }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cores::One => "one core",
            Cores::Both => "two cores",
        })
    }
}

/// What one run measured.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processor time of a request, in microseconds.
    pub(crate) cpu: f64,
    /// The kernel's part of it.
    pub(crate) system: f64,
    /// Peak resident memory, in MiB.
    pub(crate) peak: f64,
}

pub(crate) async fn start(subject: &Subject, cores: Cores) -> io::Result<Server> {
    let server = Server::start(&subject.program, &subject.args, cores.of_server()).await;
    server.map_err(|error| io::Error::other(format!("{subject}: {error}")))
}

pub(crate) async fn once(subject: &Subject, wire: Wire, cores: Cores, plan: Plan) -> io::Result<Sample> {
    let server = start(subject, cores).await?;
    let load = load::on(&server, wire, cores, plan).await?;
    let peak = process::peak_mib(server.pid)?;
    server.stop().await?;
    let each = |seconds: f64| seconds / load.requests * 1e6;
    Ok(Sample {
        rate: load.requests / load.seconds,
        cpu: each(load.user + load.system),
        system: each(load.system),
        peak,
    })
}
