//! One run: a fresh server, its load, and what came of it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kit_bench::process;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

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

pub(crate) async fn once(subject: &Subject, cores: Cores, plan: Plan) -> io::Result<Sample> {
    let server = Server::start(subject, cores).await?;
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

/// A server that answers, until it is stopped or dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) addr: SocketAddr,
}

impl Server {
    pub(crate) async fn start(subject: &Subject, cores: Cores) -> io::Result<Self> {
        // Free when it was asked for; the server takes it a moment later.
        let addr = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let mut command = owned(&subject.program, cores.of_server());
        command.args(["--addr", &addr.to_string()]).args(&subject.args);
        command.env("GOMAXPROCS", cores.count()).stdout(Stdio::null());
        let mut child = command.spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("a server without a pid"))?;
        prefer(pid);
        for _ in 0..250 {
            if TcpStream::connect(addr).await.is_ok() {
                return Ok(Self { child, pid, addr });
            }
            if let Some(status) = child.try_wait()? {
                let (program, args) = (subject.program.display(), subject.args.join(" "));
                return Err(io::Error::other(format!(
                    "{subject} ended before it listened, {status}: {program} {args}"
                )));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(io::Error::other(format!("{subject} does not listen")))
    }

    pub(crate) async fn stop(mut self) -> io::Result<()> {
        self.child.kill().await
    }
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
    let mut command = owned(&program, cores.of_load());
    command.args([addr.to_string(), pid.to_string(), CONNECTIONS.to_string(), cores.count().to_owned()]);
    command.args([plan.warmup, plan.window].map(|time| time.as_secs_f64().to_string()));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    child.id().into_iter().for_each(prefer);
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

/// A child on these cores that ends with this process, whatever ends that, in a session and so a scheduling group of its own.
fn owned(program: &Path, cores: &str) -> Command {
    let mut command = Command::new("setsid");
    command.args(["setpriv", "--pdeathsig", "KILL", "taskset", "-c", cores]).arg(program);
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Gives a child's scheduling group precedence over what else runs, where that is allowed.
fn prefer(pid: u32) {
    let _ = std::fs::write(format!("/proc/{pid}/autogroup"), "-10");
}
