use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit_core::BoxError;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Config;
use super::pool::{Carrier, Place, Stream};
use super::wire::{Meter, Reading, Wire};
use crate::http::timer::Timer;
use crate::http::{Body, Request};

/// A way to send requests over one connection, whose task ends when the last of these is gone and its answers are read.
pub(super) struct Connection {
    sender: Sender,
    meter: Arc<Meter>,
    ends: Arc<kit_core::Connection>,
    /// When it is too old to take another request.
    expires: Option<Instant>,
    /// Its call's part of a connection that carries many.
    stream: Option<Stream>,
    /// Whether it has carried a request before: a fresh one cannot be stale.
    pub(super) reused: bool,
}

enum Sender {
    /// Alone on its connection.
    One(http1::SendRequest<Body>),
    /// One of many.
    Many(http2::SendRequest<Body>),
}

/// Why a request got no answer.
pub(super) struct Lost {
    pub(super) error: hyper::Error,
    /// The request, if it was never begun.
    pub(super) request: Option<Request>,
    /// No byte of it left.
    pub(super) unsent: bool,
}

impl Connection {
    /// Spawns the connection's task.
    pub(super) async fn open(
        stream: TokioIo<TcpStream>,
        config: &Config,
        place: Place,
        expires: Option<Instant>,
    ) -> Result<Self, BoxError> {
        let ends = kit_core::Connection::new(stream.inner().peer_addr().ok(), stream.inner().local_addr().ok());
        let wire = Wire::new(stream, config.http2_only, place);
        let meter = wire.meter();
        // How a connection ends, its requests are told.
        let sender = if config.http2_only {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(Timer::default())
                .keep_alive_interval(config.keep_alive)
                .keep_alive_timeout(config.keep_alive / 2);
            let (sender, connection) = builder.handshake(wire).await?;
            meter.set_room(connection.current_max_send_streams());
            let told = Arc::clone(&meter);
            tokio::spawn(async move {
                let mut connection = pin!(connection);
                // What the peer allows is known to the connection, which sees every request that it is sent.
                drop(
                    poll_fn(|task| {
                        let ended = connection.as_mut().poll(task);
                        told.set_room(connection.current_max_send_streams());
                        ended
                    })
                    .await,
                );
            });
            Sender::Many(sender)
        } else {
            let (sender, connection) = http1::handshake(wire).await?;
            tokio::spawn(async move { drop(connection.await) });
            Sender::One(sender)
        };
        Ok(Self { sender, meter, ends: Arc::new(ends), expires, stream: None, reused: false })
    }

    /// The same, as one call's way to it.
    pub(super) fn on(mut self, stream: Stream) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Its call's part of a connection that carries many, for the call alone to hold from here on.
    pub(super) fn leave(&mut self) -> Option<Stream> {
        self.stream.take()
    }

    /// Waits until it takes another request; `false` if it never will.
    pub(super) async fn ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::One(sender) => sender.ready().await.is_ok(),
            Sender::Many(sender) => sender.ready().await.is_ok(),
        }
    }

    pub(super) fn ends(&self) -> Arc<kit_core::Connection> {
        Arc::clone(&self.ends)
    }

    pub(super) fn reading(&self) -> Reading {
        self.meter.reading()
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request) -> Result<http::Response<Incoming>, Lost> {
        if self.reused {
            self.meter.doubt();
        }
        let before = self.meter.reading().written;
        let answer = match &mut self.sender {
            Sender::One(sender) => sender.try_send_request(request).await,
            Sender::Many(sender) => sender.try_send_request(request).await,
        };
        answer.map_err(|mut lost| {
            let request = lost.take_message();
            let unsent = request.is_some() || self.meter.reading().written == before;
            Lost { error: lost.into_error(), request, unsent }
        })
    }
}

impl Carrier for Connection {
    fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::One(sender) => sender.is_ready(),
            Sender::Many(sender) => sender.is_ready(),
        }
    }

    fn expires(&self) -> Option<Instant> {
        self.expires
    }

    fn room(&self) -> usize {
        self.meter.room()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.meter, &other.meter)
    }

    fn share(&self, used: bool) -> Self {
        let Sender::Many(sender) = &self.sender else { panic!("an HTTP/1.1 connection is not shared") };
        Self {
            sender: Sender::Many(sender.clone()),
            meter: Arc::clone(&self.meter),
            ends: self.ends(),
            expires: self.expires,
            stream: None,
            reused: used,
        }
    }
}
