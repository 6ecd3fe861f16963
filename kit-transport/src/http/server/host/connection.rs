use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use kit_core::Connection;

use super::Host;
use super::link::Link;
use super::service::Hosted;
use super::stats;
use super::stream::Streams;
use super::watch::{End, Served, Signal, Watch};
use super::wire::{Transport, Version, Wire};
use crate::http::server::RouterService;
use crate::http::server::extract::BodyLimit;
use crate::http::timer::Timer;

/// Serves one connection until it ends.
pub(super) async fn serve_io<T: Transport>(
    io: T,
    connection: Connection,
    service: RouterService,
    host: Arc<Host>,
    signal: Arc<Signal>,
) -> End {
    let open = Open::new(host);
    let link = Arc::new(Link::new(Arc::clone(&open.0)));
    let mut watch = Watch::new(Arc::clone(&link), signal);
    let mut start = Starting { wire: Some(Wire::new(io, Arc::clone(&link))), version: None };
    let over = watch.over(&mut start).await;
    let (None, Some(wire), Some(version)) = (over, start.wire, start.version) else {
        return over.unwrap_or(End::Done);
    };
    let service = service.on(connection).with_body_limit(BodyLimit(link.host.config.max_body_bytes));
    let service = Hosted::new(service, Arc::clone(&link));
    let wire = TokioIo::new(wire);
    let over = match version {
        Version::Http1 => {
            let connection = link.host.http1.serve_connection(wire, service);
            watch.over(&mut Http1 { connection, link: &link }).await
        }
        Version::Http2 => {
            let timer = Timer::of(&link.polled);
            let connection = link.host.http2(Streams::new(Arc::clone(&link)), timer).serve_connection(wire, service);
            // Several times the size of the other: idle connections are mostly HTTP/1.
            watch.over(&mut Http2 { connection: Box::pin(connection), link: &link }).await
        }
    };
    // Streams that have not noticed yet.
    link.cut();
    let end = over.unwrap_or(End::Done);
    if end == End::Aborted {
        stats::add(&link.host.stats.counts().aborted);
    }
    end
}

/// Counts a connection while it is open.
struct Open(Arc<Host>);

impl Open {
    fn new(host: Arc<Host>) -> Self {
        stats::add(&host.stats.counts().open);
        Self(host)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        stats::take(&self.0.stats.counts().open);
    }
}

struct Starting<T: Transport> {
    wire: Option<Wire<T>>,
    version: Option<Version>,
}

impl<T: Transport> Served for Starting<T> {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(wire) = &mut self.wire else { return Poll::Ready(()) };
        wire.poll_version(task).map(|version| self.version = version.ok().flatten())
    }

    fn shut(&mut self) {
        self.wire = None;
    }
}

type Io<T> = TokioIo<Wire<T>>;

struct Http1<'a, T: Transport> {
    connection: http1::Connection<Io<T>, Hosted>,
    link: &'a Link,
}

struct Http2<'a, T: Transport> {
    connection: Pin<Box<http2::Connection<Io<T>, Hosted, Streams>>>,
    link: &'a Link,
}

impl<T: Transport> Served for Http1<'_, T> {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()> {
        Pin::new(&mut self.connection).poll(task).map(|ended| note(self.link, ended))
    }

    fn shut(&mut self) {
        Pin::new(&mut self.connection).graceful_shutdown();
    }
}

impl<T: Transport> Served for Http2<'_, T> {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()> {
        self.connection.as_mut().poll(task).map(|ended| note(self.link, ended))
    }

    fn shut(&mut self) {
        self.connection.as_mut().graceful_shutdown();
    }
}

fn note(link: &Link, ended: Result<(), hyper::Error>) {
    let Err(error) = ended else { return };
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut malformed = error.is_parse();
    while let Some(cause) = source {
        malformed |= cause.downcast_ref::<h2::Error>().is_some_and(|cause| cause.is_go_away() && cause.is_library());
        source = cause.source();
    }
    if malformed {
        stats::add(&link.host.stats.counts().malformed);
    }
}

/// hyper's builder of HTTP/1 connections. Heads are limited before it sees them, by their own limits and times.
pub(super) fn http1(config: &super::Config) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size((2 * config.max_header_bytes).max(64 * 1024));
    if config.max_headers > 100 {
        // Up to a hundred, hyper's own limit, it keeps them on the stack.
        builder.max_headers(config.max_headers + 1);
    }
    builder
}

impl Host {
    fn http2(&self, streams: Streams, timer: Timer) -> http2::Builder<Streams> {
        let config = &self.config;
        let mut builder = http2::Builder::new(streams);
        builder
            .timer(timer)
            .max_concurrent_streams(config.max_streams)
            .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(config.max_pending_resets)
            .max_local_error_reset_streams(config.max_error_resets)
            .max_frame_size(config.max_frame_bytes)
            .initial_stream_window_size(config.stream_window)
            .initial_connection_window_size(config.connection_window)
            .keep_alive_interval(config.ping_interval)
            .keep_alive_timeout(config.ping_timeout);
        builder
    }
}
