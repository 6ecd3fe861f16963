//! The load on a server, and what it says of it.

mod grpc;
mod http;

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use kit_bench::fresh::{self, Server};
use kit_bench::plan::Plan;
use tokio::process::Command;
use tokio::time::timeout;

use crate::run::Cores;
use crate::wire::Wire;

/// What came of a window, and of all that was sent.
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    /// What the server used.
    pub(crate) user: f64,
    /// What the kernel used for it.
    pub(crate) system: f64,
    /// Answers to all its requests, warm-up included.
    pub(crate) all: f64,
}

pub(crate) async fn on(server: &Server, wire: Wire, cores: Cores, plan: Plan) -> io::Result<Load> {
    match wire {
        Wire::Http => http::on(server, cores, plan).await,
        Wire::Grpc => grpc::on(server, cores, plan).await,
    }
}

/// Runs a generator to its end, which is not later than 20 s after `time`.
async fn generate(mut command: Command, time: Duration) -> io::Result<Output> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    child.id().into_iter().for_each(fresh::prefer);
    let output = timeout(time + Duration::from_secs(20), child.wait_with_output()).await;
    output.map_err(|_| io::Error::other("the load does not end"))?
}
