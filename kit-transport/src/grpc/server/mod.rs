//! Endpoints as methods of gRPC services, on the router, the server and the port that HTTP has.
//!
//! ```
//! use futures_util::{StreamExt as _, stream};
//! use kit_core::{Error, Kind, Method, Streaming, endpoint_fn, request_fn};
//! use kit_transport::grpc::{self, Messages};
//! use kit_transport::http::server::Router;
//!
//! #[derive(Clone, PartialEq, prost::Message)]
//! struct Numbers {
//!     #[prost(sint64, tag = "1")]
//!     a: i64,
//!     #[prost(sint64, tag = "2")]
//!     b: i64,
//! }
//!
//! #[derive(Clone, PartialEq, prost::Message)]
//! struct Sum {
//!     #[prost(sint64, tag = "1")]
//!     v: i64,
//! }
//!
//! static SUM: Method = Method::new("pb.Add", "Sum").path("/sum").idempotent();
//! static TOTALS: Method = Method::new("pb.Add", "Totals").kind(Kind::Bidi);
//!
//! let sum = request_fn(async |n: Numbers| match n.a.checked_add(n.b) {
//!     Some(v) => Ok(Sum { v }),
//!     None => Err(Error::out_of_range("the sum is too large").with_reason("overflow")),
//! });
//! let totals = endpoint_fn(async |cx, numbers: Messages<Numbers>| {
//!     let totals = numbers.map(|numbers| numbers.map(|n| Sum { v: n.a + n.b }));
//!     Ok(Streaming::new(cx, totals))
//! });
//! let service = Router::new()
//!     .grpc(&SUM, grpc::server::unary(sum))
//!     .grpc(&TOTALS, grpc::server::bidi_stream(totals))
//!     .build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! | binding | the endpoint | its request | its answer |
//! |---|---|---|---|
//! | [`unary`] | `Endpoint<Req, Response = Res>` | one message | one message |
//! | [`server_stream`] | `Endpoint<Req, Response = Streaming<Res>>` | one message | messages |
//! | [`client_stream`] | `Endpoint<Messages<Req>, Response = Res>` | messages | one message |
//! | [`bidi_stream`] | `Endpoint<Messages<Req>, Response = Streaming<Res>>` | messages | messages |
//!
//! The router's layers stand round a binding as round any other, and see kit's errors. What a layer holds for a call that answers a stream
//! it holds to the stream's end ([`StreamEnd`](kit_core::StreamEnd)), as it does for every stream of kit.
//!
//! **Metadata** that came with the call is [`Context::inbound`](kit_core::Context::inbound), `-bin` keys included
//! ([`get_bin`](kit_core::Metadata::get_bin)). What goes back ahead of the messages is
//! [`Context::outbound_mut`](kit_core::Context::outbound_mut). What follows them is written to the stream's end
//! ([`Streaming::end`](kit_core::Streaming::end)); an endpoint that answers one message announces an end of its own for it:
//!
//! ```
//! use kit_core::{Context, Error, StreamEnd, endpoint_fn};
//!
//! # #[derive(Clone, PartialEq, prost::Message)] struct Empty {}
//! let empty = endpoint_fn(async |cx: &mut Context, _: Empty| {
//!     let end = StreamEnd::new();
//!     end.with_trailers(|trailers| trailers.insert("x-rows", "7"))?;
//!     cx.announce(end);
//!     Ok(Empty {})
//! });
//! # let _ = kit_transport::grpc::server::unary(empty);
//! ```
//!
//! **Errors**, of an endpoint, a layer, the router or the host, leave as a status in trailers: the code, the public line, and as details what a
//! number cannot say: `google.rpc.ErrorInfo` with the reason and the id that leads to the log, `google.rpc.RetryInfo` with a pause, and `kit.Failure`
//! (name, reason and JSON, fields 1 to 3) of an error that is a [failure](kit_core::failure). A call to
//! what nobody has is `Unimplemented`, a panic `Internal`. What breaks the protocol has the code of gRPC's tables, and counts as the caller's
//! mistake, whatever the code ([`FrameError`](super::FrameError)); what is no gRPC at all (another content type, HTTP/1.1) gets a problem
//! of HTTP.
//!
//! **Time.** `grpc-timeout` is the call's deadline, within [`Router::max_time`](crate::http::server::Router::max_time), 30 s unless told otherwise,
//! which holds for streams too: who serves long ones says `max_time(None)`. A binding keeps it by itself, whatever layers there are: a
//! call whose time is up before it begins is not begun, an endpoint that has not answered by then is dropped, and a stream is ended, each with
//! `DeadlineExceeded`. A `grpc-timeout` that is none (nine digits, no unit) is `Internal`, of reason `malformed_timeout`. A stream of requests
//! has no pace to keep, a single message that of the host.
//!
//! **Limits.** A message has at most 4 MiB ([`Config::max_read_bytes`](super::Config::max_read_bytes)), a stream of them any length; the limit of
//! the host for bodies ([`BodyLimit`](crate::http::server::extract::BodyLimit)) does not hold here. A slow reader slows its writer: messages are made
//! when the connection takes them.
//!
//! **A caller that leaves**, with a reset or with its connection, drops the call: the endpoint's future, or the stream it answered.
//!
//! # Source
//! github.com/grpc/grpc, `doc/PROTOCOL-HTTP2.md`, `doc/statuscodes.md`, `doc/compression.md`. Go kit's `transport/grpc` is unary alone.

mod binding;
mod call;
mod endpoint;
mod router;
#[cfg(test)]
mod tests;

pub use binding::{
    BidiStream, Binding, ClientStream, ServerStream, Unary, bidi_stream, client_stream, server_stream, unary,
};
pub(crate) use call::{failure, is_call, malformed_timeout, unknown_method, unreserve};
