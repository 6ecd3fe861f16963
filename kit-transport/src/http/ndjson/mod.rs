//! Bodies of many values: NDJSON, one JSON text a line.
//!
//! ```
//! use futures_util::{StreamExt as _, stream};
//! use kit_core::{Error, Streaming, endpoint_fn};
//! use kit_transport::codec::Messages;
//! use kit_transport::http::ndjson::NdJson;
//! use kit_transport::http::server::{Binding, Router};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Text { s: String }
//!
//! #[derive(Serialize)]
//! struct Value { v: usize }
//!
//! // As many answers as questions, each as soon as its question is here.
//! let lengths = endpoint_fn(async |cx, texts: Messages<Text>| {
//!     Ok(Streaming::new(cx, texts.map(|text| text.map(|text| Value { v: text.s.len() }))))
//! });
//! let service = Router::new().post("/lengths", Binding::new(lengths, NdJson::new(), NdJson::new())).build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! **A line** is one JSON text of at most [`LINE_LIMIT`](NdJson::LINE_LIMIT) bytes, ended by a line feed, which the last one may lack. A
//! blank line is nothing. A body as a whole has no limit, and nor has the number of lines: nothing is kept of those that were read.
//!
//! **A slow reader slows its writer.** Nothing runs ahead: a source is asked for its next item when the connection takes one, and what is
//! ready goes out together, some 8 KiB at a time; what is there does not wait for what is not. A body is read as its reader asks for
//! lines. A reader that leaves drops the source.
//!
//! **An error in the middle** of a request is an item of it, the last one: it says the line, and an endpoint that hands it on
//! answers 400. An error in the middle of an answer, whose status has left already, breaks the body off: HTTP/1.1 closes the
//! connection without the last chunk, HTTP/2 resets the stream. There is no last line that says so, since a reader that expects items
//! would take it for one. Outcome and error reach the stream's end, the layers and the finalizer.
//!
//! **Time.** An answer ends at the call's deadline, which is 30 s unless [`Router::max_time`](crate::http::server::Router::max_time)
//! says otherwise. A request's body must come at the server's pace; a caller that speaks only when it has something to say needs
//! [`Body::lift_pace`] in a hook.
//!
//! # In a client
//! An answer of lines is read by [`endpoint_with`](crate::http::client::BindingBuilder::endpoint_with), as [`NdJson`] shows. A request of lines has no
//! binding of its own: it is a body like any other, sent [as it is](crate::http::client::Raw), and its answer is read by hand. It can be
//! sent once, so no layer that calls again belongs round it.
//!
//! ```
//! use futures_util::{StreamExt as _, stream};
//! use http::header::CONTENT_TYPE;
//! use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_with};
//! use kit_transport::codec::{Codec as _, Decode as _, Json, Messages};
//! use kit_transport::http::client::{Client, Config};
//! use kit_transport::http::ndjson::NdJson;
//! use kit_transport::http::{Request, problem};
//! # use kit_core::endpoint_fn;
//! # use kit_transport::http::server::{Binding, Router, Server};
//!
//! static SUM: Method = Method::new("numbers", "sum").path("/sum");
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let service = endpoint_fn(async |_cx, mut numbers: Messages<u64>| {
//! #     let mut sum = 0;
//! #     while let Some(number) = numbers.next().await { sum += number?; }
//! #     Ok(sum)
//! # });
//! # let service = Router::new().post(&SUM, Binding::new(service, NdJson::new(), Json)).build()?;
//! # let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! # let target = format!("http://{}", bound.local_addr()).parse()?;
//! # tokio::spawn(bound.serve(service, std::future::pending()));
//! let numbers = Client::new(Config::default())?.raw(&target).layer(ChildLayer::new(&SUM));
//! let sum = endpoint_with(numbers, async |numbers, cx, lines: Messages<u64>| -> Result<u64, Error> {
//!     let mut request = Request::new(NdJson::new().write(lines));
//!     *request.method_mut() = http::Method::POST;
//!     *request.uri_mut() = http::Uri::from_static("/sum");
//!     let content = http::HeaderValue::from_static(NdJson::new().content_type());
//!     request.headers_mut().insert(CONTENT_TYPE, content);
//!
//!     let (head, body) = numbers.call(cx, request).await?.into_parts();
//!     let body = body.bytes(64 * 1024).await?;
//!     match head.status.is_success() {
//!         true => Json.decode(&body),
//!         false => Err(problem::error(head.status, &head.headers, &body)),
//!     }
//! });
//! let numbers = Messages::new(stream::iter([20, 22]).map(Ok));
//! assert_eq!(sum.call(&mut Context::new(), numbers).await?, 42);
//! # Ok(()) }
//! ```
//!
//! # Source
//! github.com/ndjson/ndjson-spec 1.0.

mod body;
mod lines;
#[cfg(test)]
mod tests;

use futures_core::Stream;
use http::header::{CONTENT_TYPE, HeaderValue};
use kit_core::{Context, Error, Streaming};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::body::Writing;
use self::lines::Reading;
use super::server::extract::{DecodeRequest, accepts};
use super::server::reply::EncodeResponse;
use super::{Body, Request, Response};
use crate::codec::{Codec, Messages};

pub use lines::LineTooLong;

/// NDJSON: reads requests of [`Messages`], writes answers of [`Streaming`]. A client reads answers by it like this; how it sends
/// requests stands in [the module](self#in-a-client).
///
/// ```
/// use kit_core::{Error, Method};
/// use kit_transport::codec::Json;
/// use kit_transport::http::client::{Client, Config};
/// use kit_transport::http::ndjson::NdJson;
///
/// static WATCH: Method = Method::new("orders", "watch").path("/orders/changes").idempotent();
///
/// # #[derive(serde::Deserialize)] struct Change;
/// # fn watch() -> Result<(), Error> {
/// let client = Client::new(Config::default())?;
/// let watch = client
///     .get::<(), _>(&WATCH, &"http://127.0.0.1:8080".parse()?, Json)
///     .endpoint_with(|_cx, response| Ok(NdJson::new().read::<Change>(response.into_body())))?;
/// # Ok(()) }
/// # watch().unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NdJson {
    max_line: usize,
}

impl NdJson {
    /// How long a line may be if nobody says otherwise: 64 KiB, far more than a record has, and little enough to be held by a thousand
    /// calls at once.
    pub const LINE_LIMIT: usize = 64 * 1024;

    /// Lines of at most [`LINE_LIMIT`](Self::LINE_LIMIT) bytes.
    pub const fn new() -> Self {
        Self { max_line: Self::LINE_LIMIT }
    }

    /// Lines of at most so many bytes, without their end. It holds for what is read.
    #[must_use]
    pub const fn max_line(self, bytes: usize) -> Self {
        Self { max_line: bytes }
    }

    /// The values of a body.
    ///
    /// # Errors
    /// As the last item: `InvalidArgument` for a line that is no JSON or does not fit, with its number; `ResourceExhausted` with the
    /// cause [`LineTooLong`]; what the body broke off with.
    pub fn read<T: DeserializeOwned + 'static>(&self, body: Body) -> Messages<T> {
        Messages::new(Reading::new(body, self.max_line))
    }

    /// A body of these values. An error breaks it off.
    pub fn write<T, S>(&self, items: S) -> Body
    where
        T: Serialize + 'static,
        S: Stream<Item = Result<T, Error>> + Send + 'static,
    {
        Body::new(Writing::new(items))
    }
}

impl Default for NdJson {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec for NdJson {
    fn content_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["application/ndjson", "application/jsonl", "application/x-jsonlines"]
    }
}

/// The body line by line, while the endpoint runs.
///
/// # Errors
/// 415 as [`accepts`] says; all else is an item of the stream.
impl<T: DeserializeOwned + 'static> DecodeRequest<Messages<T>> for NdJson {
    async fn decode(&self, cx: &mut Context, request: Request) -> Result<Messages<T>, Error> {
        accepts(self, cx.inbound().headers())?;
        Ok(self.read(request.into_body()))
    }
}

/// 200 and a line for each item as it comes.
impl<T: Serialize + 'static> EncodeResponse<Streaming<T>> for NdJson {
    fn encode(&self, _cx: &mut Context, items: Streaming<T>) -> Result<Response, Error> {
        let mut response = Response::new(self.write(items));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        Ok(response)
    }
}
