//! Server-sent events: an answer that a browser follows with `EventSource`.
//!
//! ```
//! use futures_util::stream;
//! use kit_core::{Error, Streaming, endpoint_fn};
//! use kit_transport::http::server::extract::extract;
//! use kit_transport::http::server::sse::{Event, LastEventId, Sse};
//! use kit_transport::http::server::{Binding, Router};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Tick { n: u64 }
//!
//! // The endpoint knows nothing of a wire.
//! let ticks = endpoint_fn(async |cx, from: u64| {
//!     Ok(Streaming::new(cx, stream::iter((from..from + 3).map(|n| Ok(Tick { n })))))
//! });
//!
//! let from = extract(|last: LastEventId| Ok(last.0.and_then(|id| id.parse::<u64>().ok()).map_or(0, |n| n + 1)));
//! let events = Sse::of(|tick: Tick| Ok(Event::json(&tick)?.name("tick").id(tick.n.to_string())));
//! let service = Router::new().max_time(None).get("/ticks", Binding::new(ticks, from, events)).build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! **A slow reader slows its writer**: the source is asked for its next item when the connection takes one. A reader that leaves drops
//! the source.
//!
//! **A comment keeps the connection open** where nothing was sent for [`KEEP_ALIVE`](Sse::KEEP_ALIVE): proxies close what is silent, and
//! only who writes learns that nobody reads any more.
//!
//! **An error in the middle** is an event named `error`, whose data is what a problem would be, and the stream ends. Outcome and error
//! reach the stream's end, the layers and the finalizer. A browser connects again, with [`LastEventId`]; it stops at a 204.
//!
//! **Time.** The stream ends at the call's deadline with such an error, after 30 s unless
//! [`Router::max_time`](super::Router::max_time) says otherwise.
//!
//! # Source
//! WHATWG HTML, 9.2 "Server-sent events".

mod body;
mod event;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use kit_core::{Code, Context, Error, Streaming};

use self::body::Sending;
use super::extract::FromRequest;
use super::reply::EncodeResponse;
use crate::http::{Body, Request, Response};

pub use event::{Event, EventError};

/// The media type of a stream of events.
pub const CONTENT: &str = "text/event-stream";

/// Answers of [`Streaming`] as events.
pub struct Sse<T = Event> {
    event: Arc<dyn Fn(T) -> Result<Event, Error> + Send + Sync>,
    keep_alive: Option<Duration>,
}

impl Sse {
    /// How long nothing is sent before a comment is: 15 s, below the idle time of every proxy in use, and what the specification
    /// recommends.
    pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

    /// An endpoint that answers events itself.
    pub fn new() -> Self {
        Self::of(Ok)
    }
}

impl<T> Sse<T> {
    /// An endpoint whose items become events by `event`. One that fails ends the stream.
    pub fn of(event: impl Fn(T) -> Result<Event, Error> + Send + Sync + 'static) -> Self {
        Self { event: Arc::new(event), keep_alive: Some(Sse::KEEP_ALIVE) }
    }

    /// Sends a comment where nothing was sent for so long; `None` for none. Default [`Sse::KEEP_ALIVE`].
    #[must_use]
    pub fn keep_alive(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.keep_alive = idle.into();
        self
    }
}

impl Default for Sse {
    fn default() -> Self {
        Self::new()
    }
}

/// 200 and an event for each item as it comes. No cache may keep it, and nginx may not hold it back.
impl<T: 'static> EncodeResponse<Streaming<T>> for Sse<T> {
    fn encode(&self, _cx: &mut Context, items: Streaming<T>) -> Result<Response, Error> {
        let body = Sending::new(items, Arc::clone(&self.event), self.keep_alive);
        let mut response = Response::new(Body::new(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }
}

impl<T> Clone for Sse<T> {
    fn clone(&self) -> Self {
        Self { event: Arc::clone(&self.event), keep_alive: self.keep_alive }
    }
}

impl<T> fmt::Debug for Sse<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").field("keep_alive", &self.keep_alive).finish_non_exhaustive()
    }
}

/// The [id](Event::id) of the last event that the caller saw before it connected again, from `Last-Event-ID`.
///
/// # Errors
/// 400 if it is no UTF-8, or there more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastEventId(pub Option<String>);

impl FromRequest for LastEventId {
    async fn from_request(cx: &mut Context, _request: &mut Request) -> Result<Self, Error> {
        let refused = |line: &'static str| Error::new(Code::InvalidArgument, line).with_reason("bad_last_event_id");
        let mut values = cx.inbound().headers().get_all("last-event-id").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(refused("the header last-event-id is there more than once"));
        }
        // Not ASCII alone: a browser sends back whatever it got.
        let text =
            std::str::from_utf8(value.as_bytes()).map_err(|_| refused("the header last-event-id is not UTF-8"))?;
        Ok(Self((!text.is_empty()).then(|| text.to_owned())))
    }
}
