//! The server that hosts a [`RouterService`]: HTTP/1.1 and HTTP/2 (with prior knowledge) on one port.
//!
//! hyper speaks the protocols. What stands round it here, on the way of a request from the outside in:
//!
//! | | |
//! |---|---|
//! | accepting | pauses when there are no places or no descriptors, and never ends |
//! | the wire | scans heads of HTTP/1 before hyper reads them, ends those that it refuses |
//! | the watch | times, age and end of a connection |
//! | hyper | |
//! | the host's service | answers what was refused, counts what is in flight, paces bodies, cuts off |
//! | the router | |
//!
//! # What is refused
//! Every limit stands in [`Config`], every reason in [`Refused`]; the answer is a [problem](crate::http::problem), the router's
//! layers and its finalizer hear of it as of any other call, and an HTTP/1 connection is closed after it. A request that two
//! parsers could read differently is refused: lines without CR, `Content-Length` twice or beside `Transfer-Encoding`, codings other
//! than `chunked`, a host that is missing, double, invalid or not the target's. hyper itself answers with a bare 400 and
//! closes: no request line, a method or a header name that is no token, white space before a colon, folded lines, a CR
//! without LF, a NUL, a `Content-Length` that is no number, `Transfer-Encoding` in HTTP/1.0. A malformed chunk breaks the body
//! off: 400 where it is read. HTTP/1.0 needs no host.
//!
//! Gaps, exactly: the 101st header of a head that arrives in pieces may be answered by hyper with a bare 431; in a trailer a
//! forbidden field (RFC 9110, 6.5.1) is not refused, and nothing here reads trailers as headers; over HTTP/2 h2 answers a list of
//! headers that is too large with a bare 431, and resets streams that break the protocol; an HTTP/2 answer whose last
//! chunk is handed to h2 waits for its client's window as long as its connection lives.

mod accept;
mod chunked;
mod config;
mod connection;
mod head;
mod link;
mod name;
mod pace;
mod refused;
mod service;
mod stats;
mod stream;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kit_core::{Code, Connection, Error};
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use config::Config;
pub(in crate::http) use pace::Paced;
pub use pace::TooSlow;
pub use refused::Refused;
pub use stats::{Reading, ReadingKind, Stats};

use super::RouterService;
use accept::{Accept, Door};
use connection::serve_io;
use watch::{End, Signal, Stage};
use wire::Transport;

/// Hosts a service: HTTP/1.1 and HTTP/2 (with prior knowledge) on one port. Clones are one server: its listeners share the limits
/// on connections and calls, and its [`Stats`].
///
/// ```no_run
/// # use kit_transport::http::server::{Router, Server};
/// # async fn run(shutdown: impl Future<Output = ()>) -> Result<(), kit_core::Error> {
/// let service = Router::new().build()?;
/// let bound = Server::new(Default::default())?.bind("127.0.0.1:8080").await?;
/// println!("listening on {}", bound.local_addr());
/// let drained = bound.serve(service, shutdown).await;
/// println!("{} connections were cut off", drained.aborted);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Server {
    host: Arc<Host>,
}

/// What the connections of a server share.
struct Host {
    config: Config,
    stats: Stats,
    places: Arc<Semaphore>,
    http1: hyper::server::conn::http1::Builder,
}

impl Server {
    /// A server of these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, named.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { host: Arc::new(Host::new(config)) })
    }

    /// What it counts.
    pub fn stats(&self) -> Stats {
        self.host.stats.clone()
    }

    /// Takes the port; nothing is accepted before [`Bound::serve`].
    ///
    /// # Errors
    /// `Unavailable` with the system's reason: the port is in use, the address is not this machine's.
    pub async fn bind(self, addr: impl ToSocketAddrs + fmt::Display) -> Result<Bound, Error> {
        let name = addr.to_string();
        let taken = |cause: io::Error| {
            let message = format!("cannot listen on {name}: {cause}");
            Error::boundary(Code::Unavailable, cause).with_message(message)
        };
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
        for addr in tokio::net::lookup_host(addr).await.map_err(taken)? {
            match listen(addr, &self.host.config) {
                Ok(listener) => return self.on(listener),
                Err(error) => last = error,
            }
        }
        Err(taken(last))
    }

    /// A server on a port that is taken already, by a parent process or a supervisor; `backlog` and `reuse_port` are theirs.
    ///
    /// # Errors
    /// `Unavailable` if the listener cannot say where it listens.
    pub fn on(self, listener: TcpListener) -> Result<Bound, Error> {
        let local = listener.local_addr().map_err(|cause| Error::boundary(Code::Unavailable, cause))?;
        Ok(Bound { listener, local, host: self.host })
    }
}

impl Host {
    fn new(config: Config) -> Self {
        let places = Arc::new(Semaphore::new(config.max_connections));
        Self { http1: connection::http1(&config), stats: Stats::default(), places, config }
    }
}

fn listen(addr: SocketAddr, config: &Config) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port whose old connections still time out is free.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    if config.reuse_port {
        #[cfg(unix)]
        socket.set_reuseport(true)?;
        #[cfg(not(unix))]
        return Err(io::Error::new(io::ErrorKind::Unsupported, "reuse_port is not available here"));
    }
    socket.bind(addr)?;
    socket.listen(config.backlog)
}

/// A server that has its port.
pub struct Bound {
    listener: TcpListener,
    local: SocketAddr,
    host: Arc<Host>,
}

/// How a drain went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Connections that were cut off with something in flight at the end of [`Config::drain_timeout`].
    pub aborted: usize,
}

impl Bound {
    /// A server on a listener of the standard library, such as one that a supervisor handed over.
    ///
    /// # Errors
    /// `Unavailable` if the system refuses to make it non-blocking.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn from_listener(server: Server, listener: std::net::TcpListener) -> Result<Self, Error> {
        let refused = |cause: io::Error| Error::boundary(Code::Unavailable, cause);
        listener.set_nonblocking(true).map_err(refused)?;
        server.on(TcpListener::from_std(listener).map_err(refused)?)
    }

    /// Where it listens; with the port that the system chose, if it was asked to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What the server counts.
    pub fn stats(&self) -> Stats {
        self.host.stats.clone()
    }

    /// Serves until `shutdown`, then drains: nothing new is accepted, HTTP/1.1 answers say `Connection: close`, HTTP/2
    /// connections get a GOAWAY, and what is in flight has [`Config::drain_timeout`] to end. What has not ended then is cut off
    /// so that its caller knows: no answer, a body without its end, RST_STREAM.
    ///
    /// # Cancel safety
    /// Dropping the future cuts every connection off.
    pub async fn serve(self, service: RouterService, shutdown: impl Future<Output = ()>) -> Drained {
        let Bound { listener, local, host } = self;
        let nodelay = host.config.nodelay;
        let prepare = move |stream| prepared(stream, nodelay);
        serve(Door::new(listener, Arc::clone(&host)), prepare, Some(local), service, host, shutdown).await
    }
}

fn prepared(stream: TcpStream, nodelay: bool) -> TcpStream {
    // A socket that is closed already refuses the option, and is found closed by the first read.
    let _ = stream.set_nodelay(nodelay);
    stream
}

async fn serve<A, T>(
    mut door: Door<A>,
    prepare: impl Fn(A::Io) -> T,
    local: Option<SocketAddr>,
    service: RouterService,
    host: Arc<Host>,
    shutdown: impl Future<Output = ()>,
) -> Drained
where
    A: Accept,
    T: Transport,
{
    let signal = Arc::new(Signal::default());
    let mut connections = JoinSet::new();
    let admit = |(io, peer, place): (A::Io, SocketAddr, OwnedSemaphorePermit), connections: &mut JoinSet<End>| {
        let connection = Connection::new(Some(peer), local);
        let serving = serve_io(prepare(io), connection, service.clone(), Arc::clone(&host), Arc::clone(&signal));
        connections.spawn(async move {
            let end = serving.await;
            drop(place);
            end
        });
    };
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = door.next() => admit(accepted, &mut connections),
        }
    }
    signal.set(Stage::Draining);
    // Who has connected already stands in the system's queue, and would be reset with it. The queue has a bound.
    for _ in 0..host.config.backlog {
        tokio::task::yield_now().await;
        let Some(accepted) = now_or_never(door.next()).await else { break };
        admit(accepted, &mut connections);
    }
    drop(door);
    drain(connections, &signal, host.config.drain_timeout).await
}

/// What the future has at once.
async fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|task| match future.as_mut().poll(task) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// How long cut connections may take to say so. Tasks that do not let go of their thread are left behind then.
const CUT: Duration = Duration::from_secs(3);

async fn drain(mut connections: JoinSet<End>, signal: &Signal, time: Duration) -> Drained {
    let mut aborted = 0;
    for (stage, time) in [(Stage::Draining, time), (Stage::Cut, CUT)] {
        signal.set(stage);
        let ended = async {
            while let Some(end) = connections.join_next().await {
                aborted += usize::from(matches!(end, Ok(End::Aborted)));
            }
        };
        // A connection may hang whatever it is told (hyper #4171): each stage is bounded.
        let _ = timeout(time, ended).await;
    }
    aborted += connections.len();
    connections.shutdown().await;
    Drained { aborted }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("config", &self.host.config).field("stats", &self.host.stats).finish()
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("local", &self.local).field("config", &self.host.config).finish_non_exhaustive()
    }
}
