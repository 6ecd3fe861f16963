//! One run: fresh servers, a fresh client, and what came of it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kit_bench::fresh::{self, Server};
use kit_bench::plan::Plan;
use tokio::time::timeout;

use crate::subject::Subject;

/// Each with one call in flight.
pub(crate) const CALLERS: usize = 64;
/// Instances.
pub(crate) const SERVERS: usize = 3;

/// The client's core, which is what is measured.
const OF_CLIENT: &str = "0";
const OF_SERVERS: &str = "1";

/// What one run measured.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Calls a second.
    pub(crate) rate: f64,
    /// Processor time of a call, in microseconds.
    pub(crate) cpu: f64,
    /// The kernel's part of it.
    pub(crate) system: f64,
}

pub(crate) async fn once(subject: &Subject, plan: Plan) -> io::Result<Sample> {
    let program = std::env::current_exe()?.with_file_name("bench-raw");
    let mut servers = Vec::new();
    for _ in 0..SERVERS {
        servers.push(serve(&program).await?);
    }
    let addrs: Vec<String> = servers.iter().map(|server| server.addr.to_string()).collect();
    let mut command = fresh::command(&subject.program, OF_CLIENT);
    let [warmup, window] = [plan.warmup, plan.window].map(|time| time.as_secs_f64().to_string());
    let addrs = addrs.join(",");
    match subject.client {
        Some(client) => command.args([client, &addrs, &CALLERS.to_string(), &warmup, &window]),
        None => command.args(["-client", &addrs, "-callers", &CALLERS.to_string()]).args([
            "-warmup",
            &format!("{warmup}s"),
            "-window",
            &format!("{window}s"),
        ]),
    };
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    child.id().into_iter().for_each(fresh::prefer);
    let most = plan.warmup + plan.window + Duration::from_secs(20);
    let output =
        timeout(most, child.wait_with_output()).await.map_err(|_| io::Error::other("the client does not end"))??;
    for server in servers {
        server.stop().await?;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    let [calls, seconds, user, system] = figures[..] else {
        return Err(io::Error::other(format!("{} failed: {}", subject.name, output.status)));
    };
    if calls < 1.0 {
        return Err(io::Error::other(format!("{} made no call", subject.name)));
    }
    let each = |seconds: f64| seconds / calls * 1e6;
    Ok(Sample { rate: calls / seconds, cpu: each(user + system), system: each(system) })
}

async fn serve(program: &Path) -> io::Result<Server> {
    // One thread: all of them share a core.
    Server::start(program, &["--runtime", "stealing"], OF_SERVERS).await
}
