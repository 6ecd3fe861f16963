//! One run: a fresh server, its load, and what came of it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use kit_bench::fresh::{self, Server};
use kit_bench::process;
use tokio::time::timeout;

use crate::subject::Subject;

/// Keep-alive connections, each with one request in flight.
pub(crate) const CONNECTIONS: usize = 64;

/// How long.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) warmup: Duration,
    pub(crate) window: Duration,
}

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

    fn of_load(self) -> &'static str {
        match self {
            Cores::One => "1",
            Cores::Both => "0,1",
        }
    }

    fn count(self) -> &'static str {
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

pub(crate) async fn once(subject: &Subject, cores: Cores, plan: Plan) -> io::Result<Sample> {
    let server = start(subject, cores).await?;
    let load = load(server.addr, server.pid, cores, plan).await?;
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

/// What the load generator says of its window, and of all it did.
pub(crate) struct Load {
    requests: f64,
    seconds: f64,
    user: f64,
    system: f64,
    /// Answers to all its requests, warm-up included.
    pub(crate) all: f64,
}

pub(crate) async fn load(addr: SocketAddr, pid: u32, cores: Cores, plan: Plan) -> io::Result<Load> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut command = fresh::command(&program, cores.of_load());
    command.args([addr.to_string(), pid.to_string(), CONNECTIONS.to_string(), cores.count().to_owned()]);
    command.args([plan.warmup, plan.window].map(|time| time.as_secs_f64().to_string()));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    child.id().into_iter().for_each(fresh::prefer);
    let most = plan.warmup + plan.window + Duration::from_secs(20);
    let output =
        timeout(most, child.wait_with_output()).await.map_err(|_| io::Error::other("the load does not end"))??;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    match figures[..] {
        [requests, seconds, user, system, all] if requests > 0.0 => Ok(Load { requests, seconds, user, system, all }),
        _ => Err(io::Error::other(format!("the load failed: {}", output.status))),
    }
}
