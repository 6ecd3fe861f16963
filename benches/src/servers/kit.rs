//! kit: a router and one endpoint, bare and inside the default stack.

use std::io::{self, Write};
use std::net::SocketAddr;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use kit::http::server::{Config, Router, RouterService, Server, json};
use kit::metrics::Registry;
use kit::server::Stack;
use kit::{Connection, Endpoint, Error, request_fn};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::task::{self, Text, UPPERCASE, Value};

/// The endpoint itself.
pub fn uppercase() -> impl Endpoint<Text, Response = Value> + 'static {
    request_fn(async |text: Text| {
        task::uppercase(text).ok_or_else(|| Error::invalid_argument("the string is empty").with_reason("empty_string"))
    })
}

/// The endpoint behind a router, and nothing round it.
///
/// # Errors
/// None: the route is a good one.
pub fn bare() -> Result<RouterService, Error> {
    Router::new().post(&UPPERCASE, json(uppercase())).build()
}

/// The endpoint inside a stack.
///
/// # Errors
/// None: the route is a good one.
pub fn full(stack: Stack) -> Result<RouterService, Error> {
    Router::with(stack).post(&UPPERCASE, json(uppercase())).build()
}

/// The default stack, its lines as a service prints them: logfmt, with the time.
///
/// # Errors
/// None: the settings are the defaults.
pub fn stack(lines: impl Write + Send + 'static) -> Result<Stack, Error> {
    let log = kit::log::Config::default().logger(lines).map_err(Error::bug)?;
    Stack::new(&log, &Registry::new())
}

/// Serves with kit's own host, for ever.
///
/// # Errors
/// The port cannot be had.
pub async fn host(service: RouterService, addr: SocketAddr) -> io::Result<()> {
    let server = Server::new(Config::default()).map_err(io::Error::other)?;
    let bound = server.bind(addr).await.map_err(io::Error::other)?;
    bound.serve(service, std::future::pending()).await;
    Ok(())
}

/// Serves on a socket that is one of several on its port, which kit's host cannot be given. It does per connection what
/// [`Server`] does.
///
/// # Errors
/// What accepting failed with.
pub async fn serve(service: RouterService, listener: TcpListener) -> io::Result<()> {
    let builder = builder(&Config::default());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                stream.set_nodelay(true)?;
                let service = service.on(Connection::new(Some(peer), stream.local_addr().ok()));
                let serving = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                connections.spawn(graceful.watch(serving));
            }
        }
    }
}

/// hyper, set as kit's server sets it.
pub fn builder(config: &Config) -> Builder<TokioExecutor> {
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
        .keep_alive_interval(config.ping_interval)
        .keep_alive_timeout(config.ping_timeout);
    builder
}
