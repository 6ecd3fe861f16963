use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use kit_core::{Code, Connection, Error};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::RouterService;

/// How a [`Server`] treats its connections. In a file as in code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How long a request's head may take to arrive. Default 10 s: a slow client holds a connection no longer.
    pub header_timeout: Duration,
    /// The largest head of a request, in bytes. Default 32 KiB.
    pub max_header_bytes: usize,
    /// The most headers of a request. Default 100.
    pub max_headers: usize,
    /// The most requests that one HTTP/2 connection may have open. Default 200: enough for any client, little to hold.
    pub max_streams: u32,
    /// How often a silent HTTP/2 peer is asked whether it lives. Default 20 s.
    pub ping_interval: Duration,
    /// How long it may take to say so. Default 10 s.
    pub ping_timeout: Duration,
    /// How long a drain waits for what is in flight before it cuts it off. Default 10 s, well below what orchestrators
    /// give a process to stop (Kubernetes 30 s).
    pub drain_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 32 * 1024,
            max_headers: 100,
            max_streams: 200,
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// hyper's smallest read buffer; a smaller head limit cannot be kept.
    const LEAST_HEADER_BYTES: usize = 8192;

    fn check(&self) -> Result<(), Error> {
        let zero = |field: &str, time: Duration| match time.is_zero() {
            true => Err(Error::invalid_argument(format!("{field} must be more than zero"))),
            false => Ok(()),
        };
        zero("header_timeout", self.header_timeout)?;
        zero("ping_interval", self.ping_interval)?;
        zero("ping_timeout", self.ping_timeout)?;
        if self.max_header_bytes < Self::LEAST_HEADER_BYTES {
            return Err(Error::invalid_argument(format!(
                "max_header_bytes must be at least {}",
                Self::LEAST_HEADER_BYTES
            )));
        }
        if self.max_headers == 0 || self.max_streams == 0 {
            return Err(Error::invalid_argument("max_headers and max_streams must be at least 1"));
        }
        Ok(())
    }
}

/// Hosts a service: HTTP/1.1 and HTTP/2 (with prior knowledge) on one port.
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
#[derive(Clone, Debug)]
pub struct Server {
    config: Config,
}

impl Server {
    /// A server of these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, named.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config })
    }

    /// Takes the port; nothing is accepted before [`Bound::serve`].
    ///
    /// # Errors
    /// `Unavailable` with the system's reason: the port is in use, the address is not this machine's.
    pub async fn bind(self, addr: impl ToSocketAddrs + std::fmt::Display) -> Result<Bound, Error> {
        let name = addr.to_string();
        let taken = |cause: io::Error| {
            let message = format!("cannot listen on {name}: {cause}");
            Error::boundary(Code::Unavailable, cause).with_message(message)
        };
        let listener = TcpListener::bind(addr).await.map_err(taken)?;
        let local = listener.local_addr().map_err(taken)?;
        Ok(Bound { listener, local, config: self.config })
    }
}

/// A server that has its port.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local: SocketAddr,
    config: Config,
}

/// How a drain went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Connections that were cut off at the end of [`Config::drain_timeout`].
    pub aborted: usize,
}

impl Bound {
    /// Where it listens; with the port that the system chose, if it was asked to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Serves until `shutdown`, then drains: nothing new is accepted, HTTP/1.1 answers say `Connection: close`, HTTP/2
    /// connections get a GOAWAY, and what is in flight has [`Config::drain_timeout`] to end.
    ///
    /// # Cancel safety
    /// Dropping the future cuts every connection off.
    pub async fn serve(self, service: RouterService, shutdown: impl Future<Output = ()>) -> Drained {
        let Bound { listener, local, config } = self;
        let builder = builder(&config);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let service = service.on(Connection::new(Some(peer), Some(local)));
                        let serving = builder.serve_connection(TokioIo::new(ready(stream)), service).into_owned();
                        connections.spawn(graceful.watch(serving));
                    }
                    Err(error) => pause(&error).await,
                },
            }
        }
        drop(listener);
        let drain = async {
            graceful.shutdown().await;
            // The connections have said that they are done; their tasks end now.
            while connections.join_next().await.is_some() {}
        };
        // A connection may hang in its preface for ever (hyper #4171): the drain is bounded whatever they do.
        let _ = timeout(config.drain_timeout, drain).await;
        let aborted = connections.len();
        connections.shutdown().await;
        Drained { aborted }
    }
}

fn builder(config: &Config) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_buf_size(config.max_header_bytes)
        .max_headers(config.max_headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_streams)
        .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(config.ping_interval)
        .keep_alive_timeout(config.ping_timeout);
    builder
}

/// Small answers leave at once.
fn ready(stream: TcpStream) -> TcpStream {
    // A socket that is closed already refuses the option, and is found closed by the first read.
    let _ = stream.set_nodelay(true);
    stream
}

/// Accepting goes on whatever happens: a peer that went away costs nothing, descriptors that ran out come back.
async fn pause(error: &io::Error) {
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    );
    if !gone {
        sleep(Duration::from_millis(50)).await;
    }
}
