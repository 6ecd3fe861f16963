//! Calls to methods of other services by gRPC, as endpoints.
//!
//! ```
//! use futures_util::{StreamExt as _, stream};
//! use kit_core::{Context, Endpoint as _, Error, Kind, Method, Streaming, endpoint_fn, request_fn};
//! use kit_transport::grpc::{self, Messages};
//! use kit_transport::http::client::{Client, Config};
//! use kit_transport::http::server::{Router, Server};
//!
//! #[derive(Clone, PartialEq, prost::Message)]
//! struct Text {
//!     #[prost(string, tag = "1")]
//!     s: String,
//! }
//!
//! #[derive(Clone, PartialEq, prost::Message)]
//! struct Length {
//!     #[prost(uint64, tag = "1")]
//!     v: u64,
//! }
//!
//! static LENGTH: Method = Method::new("strings.Strings", "Length").idempotent();
//! static LENGTHS: Method = Method::new("strings.Strings", "Lengths").kind(Kind::Bidi);
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Somewhere a service runs.
//! fn length(text: &Text) -> Result<Length, Error> {
//!     match text.s.chars().count() {
//!         0 => Err(Error::invalid_argument("the text is empty").with_reason("empty_string")),
//!         v => Ok(Length { v: v as u64 }),
//!     }
//! }
//! let one = request_fn(async |text: Text| length(&text));
//! let many = endpoint_fn(async |cx, texts: Messages<Text>| Ok(Streaming::new(cx, texts.map(|text| length(&text?)))));
//! let service = Router::new()
//!     .grpc(&LENGTH, grpc::server::unary(one))
//!     .grpc(&LENGTHS, grpc::server::bidi_stream(many))
//!     .build()?;
//! let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! let target = format!("http://{}", bound.local_addr()).parse()?;
//! tokio::spawn(bound.serve(service, std::future::pending()));
//!
//! // And here it is called.
//! let http2 = Client::new(Config { http2_only: true, ..Config::default() })?;
//! let length = grpc::client::unary::<Length>(&LENGTH).endpoint(&http2, &target)?;
//! let lengths = grpc::client::bidi_stream::<Length>(&LENGTHS).endpoint(&http2, &target)?;
//!
//! let mut cx = Context::new();
//! assert_eq!(length.call(&mut cx, Text { s: "hello".into() }).await?.v, 5);
//! let error = length.call(&mut cx, Text { s: String::new() }).await.err().expect("refused");
//! assert_eq!(error.reason(), Some("empty_string"));
//!
//! let texts = stream::iter(["one", "three"]).map(|s| Ok(Text { s: s.into() }));
//! let answers = lengths.call(&mut cx, Messages::new(texts)).await?;
//! let answers: Vec<u64> = answers.map(|answer| answer.map_or(0, |length| length.v)).collect().await;
//! assert_eq!(answers, [3, 5]);
//! # Ok(()) }
//! ```
//!
//! | kind | request | answer |
//! |---|---|---|
//! | [`unary`] | `Req` | `Res` |
//! | [`server_stream`] | `Req` | [`Streaming<Res>`](kit_core::Streaming) |
//! | [`client_stream`] | [`Messages<Req>`](crate::grpc::Messages) | `Res` |
//! | [`bidi_stream`] | [`Messages<Req>`](crate::grpc::Messages) | [`Streaming<Res>`](kit_core::Streaming) |
//!
//! A method is called as `/{service}/{name}`, whatever [path](kit_core::Method::path) it has by HTTP: one `static` is enough for both.
//! Messages are [`Protobuf`](crate::codec::Protobuf)'s unless [another codec](Binding::codec) is chosen.
//!
//! # Connections
//!
//! They are those of [`http::client`](crate::http::client), with all that stands there: the pool of each target or instance, waiting,
//! ages, what is sent again. gRPC is HTTP/2, and without TLS nothing is negotiated: **the settings must say
//! [`http2_only`](crate::http::client::Config::http2_only)**. One that does not is refused: by [`endpoint`](Binding::endpoint) when it is
//! made, and by a call to a [picked](crate::http::client::Picked) channel of other settings, with `FailedPrecondition` of reason
//! `http2_required`. [`http2_connections`](crate::http::client::Config::http2_connections) are opened to each, and a call takes the one that
//! carries the fewest. Plain HTTP goes over the same connections, if the service speaks HTTP/2 for that too.
//!
//! Without a target, a binding goes to the channel that was picked: so it stands in a balancer, in `kit::client::Client`, with the layers of one
//! instance round it. Layers that send a request again need it to be `Clone`, which [`Messages`](crate::grpc::Messages) is not: a call
//! that streams its request has a stack without retry and hedge.
//!
//! # Streams
//!
//! A request's messages are written while the answer is read. Nothing runs ahead: a source is asked for its next message when the
//! connection takes it, an answer is read as its reader asks, and a callee that is slow, or a reader, stops the other side by HTTP/2's window. A
//! call that answers with a stream returns with the head of the answer, so that its metadata is in the context. Some servers (Go's,
//! Python's) send that with their first message: a source that waits for the call to return before it has a first message waits for ever
//! with those. When the call is over, however it ended, the source is dropped and the stream of HTTP/2 closed; a source that fails or
//! panics cancels the call, which ends with its error.
//!
//! # What travels
//!
//! Out: what the context has for the callee, its request id (`x-request-id`), the time that is left (`grpc-timeout`), and from layers
//! which attempt it is (`grpc-previous-rpc-attempts`). A key that ends in `-bin` has bytes. Back: the head of the answer is the call's
//! inbound metadata, what follows the messages is added to it where the answer is one message, and is in the
//! [end](kit_core::StreamEnd::take_trailers) of a stream.
//!
//! # Errors
//!
//! | what happened | code | reason | [retry](kit_core::Retry) |
//! |---|---|---|---|
//! | a status other than OK | its own | that of its details | `grpc-retry-pushback-ms`, or the pause of its details, or of the code |
//! | the deadline passed, whatever was being waited for | `DeadlineExceeded` | | may have run |
//! | no connection, no room, no time before it was sent | [as by HTTP](crate::http::client#errors) | | safe |
//! | the connection ended before the answer did | `Unavailable` | `connection_lost` | may have run |
//! | the stream was refused | `Unavailable` | `stream_refused` | safe |
//! | the stream was reset | of [gRPC's table](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors) | `stream_reset` | of the code |
//! | another status of HTTP than 200, and none of gRPC | of [gRPC's table](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md) | `unexpected_http_status` | `Retry-After`, or of the code |
//! | a content type that is none of gRPC | `Unknown` | `unexpected_content_type` | may have run |
//! | messages of another format, or compressed in another way than was asked for | `Internal` | `unexpected_content_type`, `unexpected_content_coding` | may have run |
//! | no status at the end, or one that is none | `Unknown` | `no_grpc_status`, `bad_grpc_status` | may have run |
//! | no message where there is one, or more ([`FrameError`](crate::grpc::FrameError)) | `Unimplemented` | `no_message`, `several_messages` | never |
//! | frames that are none ([`FrameError`](crate::grpc::FrameError)) | `Internal` | its own | may have run |
//! | a message that the codec does not read | `Internal` | the codec's | may have run |
//! | a message of more than [`max_read_bytes`](crate::grpc::Config::max_read_bytes) or [`max_write_bytes`](crate::grpc::Config::max_write_bytes) | `ResourceExhausted` | `message_too_large` | never |
//! | the source of the request's messages failed | its own | its own | its own |
//!
//! # Source
//! gRPC over HTTP/2; github.com/grpc/grpc, `doc/statuscodes.md`, `doc/compression.md`, `doc/http-grpc-status-mapping.md`.

mod answer;
mod binding;
mod endpoint;
mod error;
mod upload;
mod wire;

use kit_core::Method;

pub use binding::{BidiStream, Binding, ClientStream, ServerStream, Unary};

/// Calls `method` with one message, and answers with one.
pub fn unary<Res>(method: &'static Method) -> Binding<Unary, Res> {
    Binding::new(method)
}

/// Calls `method` with one message, and answers with as many as come.
///
/// ```
/// use kit_core::{Context, Endpoint as _, Error, Kind, Method};
/// use kit_transport::grpc;
/// use kit_transport::http::client::{Client, Config};
/// use futures_util::StreamExt as _;
/// # #[derive(Clone, PartialEq, prost::Message)] struct Number { #[prost(int64, tag = "1")] v: i64 }
///
/// static COUNT: Method = Method::new("numbers.Numbers", "Count").kind(Kind::ServerStream);
///
/// # async fn count() -> Result<(), Error> {
/// let client = Client::new(Config { http2_only: true, ..Config::default() })?;
/// let count = grpc::client::server_stream::<Number>(&COUNT).endpoint(&client, &"http://127.0.0.1:8080".parse()?)?;
/// let mut numbers = count.call(&mut Context::new(), Number { v: 3 }).await?;
/// while let Some(number) = numbers.next().await {
///     println!("{}", number?.v);
/// }
/// println!("{:?}", numbers.end().take_trailers().get("x-took"));
/// # Ok(()) }
/// ```
pub fn server_stream<Res>(method: &'static Method) -> Binding<ServerStream, Res> {
    Binding::new(method)
}

/// Calls `method` with any number of messages, and answers with one.
pub fn client_stream<Res>(method: &'static Method) -> Binding<ClientStream, Res> {
    Binding::new(method)
}

/// Calls `method` with any number of messages, and answers with as many as come, both at the same time.
pub fn bidi_stream<Res>(method: &'static Method) -> Binding<BidiStream, Res> {
    Binding::new(method)
}
