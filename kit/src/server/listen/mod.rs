//! A port, and the runtime that serves it.
//!
//! Two ways to run. On the **work-stealing** runtime of the program, any thread serves any connection. **Per core**, each core has
//! a thread with a runtime of its own and a listener of its own on the same port (`SO_REUSEPORT`), and a connection stays
//! where the kernel put it: what is written is batched better and nothing moves between threads. The routes are built once per
//! core by a factory, so that what they hold (a client's pool) belongs to a core; what is shared goes in by clone: breakers,
//! limits, metrics, and the server's own limits and [`Stats`].
//!
//! Per core is the faster one for handlers that do not compute for long: a handler that does holds up every connection of its
//! core. It needs Linux, or another system whose `SO_REUSEPORT` spreads connections.

mod core;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use kit_core::Error;
use kit_transport::http::server::{Bound, Config, Drained, RouterService, Server, Stats};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use self::core::Core;

/// How a server's connections are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// On the runtime that the server is started in. The default: it suits every handler.
    #[default]
    Stealing,
    /// On one single-threaded runtime for each core.
    PerCore,
}

impl Runtime {
    /// The name in settings and logs: `per-core`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Runtime::Stealing => "stealing",
            Runtime::PerCore => "per-core",
        }
    }
}

/// A server that has its port, on either [`Runtime`].
#[derive(Debug)]
pub struct Listen {
    addr: SocketAddr,
    stats: Stats,
    drain_timeout: Duration,
    listeners: Listeners,
}

#[derive(Debug)]
enum Listeners {
    One(Bound),
    Cores(Vec<Core>),
}

impl Listen {
    /// Takes the port: once, or once for each core.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range; `Unavailable` with the system's reason if the port cannot be had, or a
    /// thread or a runtime cannot be made.
    pub async fn bind(config: Config, addr: &str, runtime: Runtime) -> Result<Self, Error> {
        let cores = available_parallelism().map_or(1, usize::from);
        match runtime {
            Runtime::Stealing => Self::one(config, addr).await,
            Runtime::PerCore => Self::cores(config, addr, cores).await,
        }
    }

    async fn one(config: Config, addr: &str) -> Result<Self, Error> {
        let drain_timeout = config.drain_timeout;
        let bound = Server::new(config)?.bind(addr).await?;
        Ok(Self { addr: bound.local_addr(), stats: bound.stats(), drain_timeout, listeners: Listeners::One(bound) })
    }

    /// As [`bind`](Self::bind) for [`Runtime::PerCore`], on this many threads.
    ///
    /// # Errors
    /// As [`bind`](Self::bind); `InvalidArgument` for none.
    pub async fn cores(mut config: Config, addr: &str, cores: usize) -> Result<Self, Error> {
        if cores == 0 {
            return Err(Error::invalid_argument("a server needs at least one core"));
        }
        config.reuse_port = true;
        let drain_timeout = config.drain_timeout;
        let server = Server::new(config)?;
        let first = Core::start(0, server.clone(), addr.to_owned()).await?;
        // With port 0 the system chooses; the other cores take what it chose.
        let (addr, stats) = (first.addr(), server.stats());
        let mut all = vec![first];
        for core in 1..cores {
            all.push(Core::start(core, server.clone(), addr.to_string()).await?);
        }
        Ok(Self { addr, stats, drain_timeout, listeners: Listeners::Cores(all) })
    }

    /// Where it listens; with the port that the system chose, if it was asked to.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the server counts, all cores together.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// How it runs.
    pub fn runtime(&self) -> Runtime {
        match self.listeners {
            Listeners::One(_) => Runtime::Stealing,
            Listeners::Cores(_) => Runtime::PerCore,
        }
    }

    /// How long a drain may take: [`Config::drain_timeout`].
    pub fn drain_timeout(&self) -> Duration {
        self.drain_timeout
    }

    /// Builds the routes, once for each core and there, calls `ready`, and serves until `shutdown`; then drains, all cores at
    /// once.
    ///
    /// # Errors
    /// What `routes` fails with, before anything is served; `Internal` if a core's thread panicked.
    ///
    /// # Cancel safety
    /// Dropping the future cuts every connection off.
    pub async fn serve<F>(
        self,
        routes: F,
        ready: impl FnOnce(),
        shutdown: impl Future<Output = ()>,
    ) -> Result<Drained, Error>
    where
        F: Fn() -> Result<RouterService, Error> + Send + Sync + 'static,
    {
        match self.listeners {
            Listeners::One(bound) => {
                let service = routes()?;
                ready();
                Ok(bound.serve(service, shutdown).await)
            }
            Listeners::Cores(cores) => serve_cores(cores, Arc::new(routes), ready, shutdown).await,
        }
    }
}

async fn serve_cores(
    cores: Vec<Core>,
    routes: core::Routes,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()>,
) -> Result<Drained, Error> {
    // Told once to drain; dropped, it cuts off.
    let (stop, stopping) = watch::channel(false);
    let mut serving = Vec::with_capacity(cores.len());
    for core in cores {
        serving.push(core.serve(Arc::clone(&routes), stopping.clone()).await?);
    }
    drop(stopping);
    ready();
    shutdown.await;
    stop.send_replace(true);
    let mut total = Drained::default();
    for core in serving {
        total.aborted += core.drained().await?.aborted;
    }
    Ok(total)
}
