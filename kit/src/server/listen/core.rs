use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use kit_core::{Code, Error};
use kit_transport::http::server::{Bound, Drained, RouterService, Server};
use tokio::runtime;
use tokio::sync::{oneshot, watch};

/// Makes the routes of one core.
pub(super) type Routes = Arc<dyn Fn() -> Result<RouterService, Error> + Send + Sync>;

/// A thread with a runtime and a listener of its own, waiting to be told what to serve. Dropped before, it ends.
pub(super) struct Core {
    addr: SocketAddr,
    orders: oneshot::Sender<Orders>,
    thread: JoinHandle<()>,
}

struct Orders {
    routes: Routes,
    stopping: watch::Receiver<bool>,
    ready: oneshot::Sender<Result<(), Error>>,
    drained: oneshot::Sender<Drained>,
}

/// A core that serves.
pub(super) struct Serving {
    drained: oneshot::Receiver<Drained>,
    thread: JoinHandle<()>,
}

impl Core {
    pub(super) async fn start(number: usize, server: Server, addr: String) -> Result<Self, Error> {
        let (bound, is_bound) = oneshot::channel();
        let (orders, to_do) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(format!("kit-core-{number}"))
            .spawn(move || run(server, &addr, bound, to_do))
            .map_err(refused)?;
        let addr = is_bound.await.map_err(|_| panicked())??;
        Ok(Self { addr, orders, thread })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Has the core build its routes and serve them.
    pub(super) async fn serve(self, routes: Routes, stopping: watch::Receiver<bool>) -> Result<Serving, Error> {
        let (ready, is_ready) = oneshot::channel();
        let (drained, is_drained) = oneshot::channel();
        self.orders.send(Orders { routes, stopping, ready, drained }).map_err(|_| panicked())?;
        is_ready.await.map_err(|_| panicked())??;
        Ok(Serving { drained: is_drained, thread: self.thread })
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Core({})", self.addr)
    }
}

impl Serving {
    pub(super) async fn drained(self) -> Result<Drained, Error> {
        let drained = self.drained.await.map_err(|_| panicked());
        // It has nothing left to do but to end: the wait is that of a few instructions.
        let _ = tokio::task::spawn_blocking(|| self.thread.join()).await;
        drained
    }
}

/// A core's whole life.
fn run(
    server: Server,
    addr: &str,
    bound: oneshot::Sender<Result<SocketAddr, Error>>,
    orders: oneshot::Receiver<Orders>,
) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(bound.send(Err(refused(error)))),
    };
    runtime.block_on(async {
        let listener = match server.bind(addr).await {
            Ok(listener) => listener,
            Err(error) => return drop(bound.send(Err(error))),
        };
        // Whoever started the core may be gone by now, or go before it gives orders.
        if bound.send(Ok(listener.local_addr())).is_ok()
            && let Ok(orders) = orders.await
        {
            serve(listener, orders).await;
        }
    });
}

async fn serve(listener: Bound, orders: Orders) {
    let Orders { routes, stopping, ready, drained } = orders;
    let service = match routes() {
        Ok(service) => service,
        Err(error) => return drop(ready.send(Err(error))),
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    let mut drain = stopping.clone();
    let shutdown = async move {
        // Nobody left to say so is as good as being told; what follows is then cut off below.
        let _ = drain.wait_for(|&stop| stop).await;
    };
    tokio::select! {
        done = listener.serve(service, shutdown) => drop(drained.send(done)),
        () = abandoned(stopping) => {}
    }
}

/// Ends when whoever serves is gone.
async fn abandoned(mut stopping: watch::Receiver<bool>) {
    while stopping.changed().await.is_ok() {}
}

fn refused(cause: io::Error) -> Error {
    Error::boundary(Code::Unavailable, cause).with_message("a core's thread cannot be started")
}

fn panicked() -> Error {
    Error::bug("the thread of a core ended before its time")
}
