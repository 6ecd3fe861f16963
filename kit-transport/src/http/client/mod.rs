//! Calls to other services over HTTP, as endpoints.
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, Method, request_fn};
//! use kit_transport::codec::Json;
//! use kit_transport::http::client::{Client, Config};
//! use kit_transport::http::server::{self, Router, Server};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Text { s: String }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Value { v: usize }
//!
//! static COUNT: Method = Method::new("stringsvc", "count").path("/count").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Somewhere a service runs.
//! let service = request_fn(async |text: Text| match text.s.chars().count() {
//!     0 => Err(Error::invalid_argument("the text is empty").with_reason("empty_string")),
//!     v => Ok(Value { v }),
//! });
//! let service = Router::new().post(&COUNT, server::json(service)).build()?;
//! let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! let target = format!("http://{}", bound.local_addr()).parse()?;
//! tokio::spawn(bound.serve(service, std::future::pending()));
//!
//! // And here it is called.
//! let client = Client::new(Config::default())?;
//! let count = client.post(&COUNT, &target, Json).endpoint::<Value>()?;
//!
//! let mut cx = Context::new();
//! assert_eq!(count.call(&mut cx, Text { s: "hello".into() }).await?.v, 5);
//! let error = count.call(&mut cx, Text { s: String::new() }).await.err().expect("refused");
//! assert_eq!(error.reason(), Some("empty_string"));
//! # Ok(()) }
//! ```
//!
//! A [`Client`] holds the connections. It binds a [`Method`](kit_core::Method) at a [`Target`] to a verb and a codec; the
//! [builder](BindingBuilder) fills path and query, adds hooks, and ends in an endpoint. [`Raw`] passes HTTP through.
//!
//! # Channels
//!
//! Where discovery says who answers, connections belong to an instance: [`Channels`] makes a [`Channel`] of each, and a method is a
//! view on whichever the balancer has picked. [`post`] and its siblings bind it in the same words, without a target; what comes of it
//! is called with a [`Routed`](kit_core::Routed) request, and so it stands inside a balancer, with the layers of one instance
//! round it. [`raw`] is the view of a gateway.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kit_core::{Channel as _, Context, Endpoint as _, Error, Factory as _, Instance, Method, Routed};
//! use kit_transport::codec::Json;
//! use kit_transport::http::client::{self, Channels, Config};
//! # use kit_core::request_fn;
//! # use kit_transport::http::server::{self, Router, Server};
//!
//! static DOUBLE: Method = Method::new("numbers", "double").path("/double").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let service = Router::new().post(&DOUBLE, server::json(request_fn(async |n: u64| Ok::<_, Error>(2 * n)))).build()?;
//! # let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! # let address = bound.local_addr().to_string();
//! # tokio::spawn(bound.serve(service, std::future::pending()));
//! let double = client::post::<u64, _>(&DOUBLE, Json).binding::<u64>()?;
//!
//! // What an endpointer does with what a source finds ...
//! let channels = Channels::new(Config { max_connections: 20, ..Config::default() })?;
//! let instance = Arc::new(Instance::new(address));
//! let channel = Arc::new(channels.make(&instance).await?);
//!
//! // ... and a balancer with what it picks.
//! let routed = Routed { instance, channel: Arc::clone(&channel), request: 21 };
//! assert_eq!(double.call(&mut Context::new(), routed).await?, 42);
//!
//! // The instance is gone.
//! channel.close().await;
//! # Ok(()) }
//! ```
//!
//! # Connections
//!
//! Those to one host, or to one instance, are a pool. By HTTP/1.1 each call has one to itself, and at most
//! [`max_connections`](Config::max_connections) are open; by HTTP/2 [`http2_connections`](Config::http2_connections) carry as many
//! calls as the peer allows. A call that finds no room waits in the order of arrival, within its deadline; if
//! [`max_waiting`](Config::max_waiting) wait already, it is refused at once. A connection takes no more calls when it
//! is older than [`max_age`](Config::max_age), when the server says GOAWAY, or when a call was given up at its deadline and the peer
//! had said nothing meanwhile; what is on it goes on. One that nobody uses is closed after [`idle_timeout`](Config::idle_timeout).
//!
//! A place is a socket's from before it is opened until it is closed, whatever became of the call: answered, failed, dropped, or
//! panicked. An answer whose body is still being read has its connection until then.
//!
//! With a call go the context's outbound metadata as headers, its request id (`x-request-id`) and the time that is left
//! (`grpc-timeout`). The answer's headers are the inbound metadata of the call's own, [child](kit_core::Child) context. Redirects
//! are not followed, content codings not asked for.
//!
//! # Sent again
//!
//! A request is sent again, at most twice and on another connection, if no byte of it had left, or if the server said by GOAWAY or
//! REFUSED_STREAM that it did nothing with it. One that was lost on a connection that others had used before it is sent again only
//! if it may run twice: its [method](kit_core::Method::idempotent) says so, or, passing [through](Raw), its verb. A server that
//! closes unused connections costs no call so: before a used connection carries the next request, its socket is asked whether the peer has
//! gone. All else is said by the error, for layers that retry with a budget. A streamed body cannot be sent twice.
//!
//! # Errors
//!
//! | what happened | code | reason | [retry](kit_core::Retry) |
//! |---|---|---|---|
//! | no time was left, nothing was sent | `DeadlineExceeded` | `deadline_before_call` | safe |
//! | the deadline passed, whatever was being waited for | `DeadlineExceeded` | | may have run |
//! | refused, unreachable, no such name | `Unavailable` | `connect_failed` | safe |
//! | as many calls as may wait for a connection already ([`NoConnection`]) | `Unavailable` | `connections_busy` | safe |
//! | the deadline passed while it waited for a connection ([`NoConnection`]) | `DeadlineExceeded` | `deadline_before_call` | safe |
//! | the channel was closed before the request was sent ([`NoConnection`]) | `Unavailable` | `channel_closed` | safe |
//! | no connection in [`connect_timeout`](Config::connect_timeout) | `Unavailable` | `connect_timeout` | safe |
//! | the HTTP/2 stream was refused | `Unavailable` | `stream_refused` | safe |
//! | the connection ended, or went away, before the request was on it | `Unavailable` | `connection_lost` | safe |
//! | the connection ended before the answer did | `Unavailable` | `connection_lost` | may have run |
//! | no HTTP, or not what the codec reads | `Internal` | `malformed_answer` | may have run |
//! | another media type, or a content coding | `Internal` | `unexpected_content_type`, `unexpected_content_coding` | may have run |
//! | larger than [`max_response_bytes`](Config::max_response_bytes) | `ResourceExhausted` | `answer_too_large` | never |
//! | a status other than 2xx | [its own](crate::http::problem::error), or that of the status | its own | of the code, after `Retry-After`, or as `grpc-retry-pushback-ms` says |
//! | a value that cannot stand in the path or a header | `InvalidArgument` | `bad_path_parameter`, `bad_header` | never |
//!
//! The public line says nothing of addresses; the log has the target as a field and hyper's error as the cause. All count as the
//! callee's failure but what was refused on this side, the first and those of [`NoConnection`], which is
//! [`Rejected`](kit_core::Outcome::Rejected); the last; and what the callee itself calls its caller's mistake.
//!
//! # Source
//! The stages are those of Go kit's `transport/http/client.go`; that its client sends no deadline, has no error of its own and no
//! default limit of any kind is what is done otherwise.

mod binding;
mod builder;
mod call;
mod channel;
mod channels;
mod config;
mod connect;
mod connection;
pub(crate) mod error;
mod exchange;
pub(crate) mod headers;
mod hosts;
mod path;
mod pool;
mod raw;
mod stream;
mod target;
mod views;
mod wire;

pub use binding::Binding;
pub use builder::BindingBuilder;
#[cfg(feature = "grpc")]
pub(crate) use call::{Call, within};
pub use channel::Channel;
pub use channels::Channels;
pub use config::Config;
pub use error::{AnswerTooLarge, ConnectTimeout, NoConnection, UnexpectedAnswer};
#[cfg(feature = "grpc")]
pub(crate) use exchange::Sent;
pub use hosts::Client;
#[cfg(feature = "grpc")]
pub(crate) use path::path_and_query;
pub(in crate::http) use pool::Lease;
pub use raw::Raw;
pub use target::Target;
pub use views::{Picked, delete, get, patch, post, put, raw};
