//! From the business answer to an HTTP response.
//!
//! | encoder | the response |
//! |---|---|
//! | a [codec], such as [`Json`](crate::codec::Json) | 200 and the whole answer |
//! | [`NoContent`] | 204, for an answer of `()` |
//! | [`encode_fn`] | what a function makes of the answer, with [`Reply`] |
//!
//! ```
//! use kit_transport::codec::Json;
//! use kit_transport::http::server::reply::{Reply, encode_fn};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Profile {
//!     id: u64,
//! }
//!
//! let created = encode_fn(|_cx, profile: Profile| {
//!     Reply::created(&format!("/profiles/{}", profile.id)).header("cache-control", "no-store").value(&Json, &profile)
//! });
//! ```
//!
//! What inner layers and the endpoint left in [`Context::outbound_mut`] is added by the binding. A response that HTTP cannot
//! express, such as a header with a line break, is a bug of the service: 500, and the caller learns nothing of it.

mod builder;
mod error;
mod location;

use std::fmt;

use http::header::{CONTENT_TYPE, HeaderValue};
use kit_core::{Context, Error};

use crate::codec;
use crate::http::{Body, Response};

pub use builder::Reply;
pub use error::ReplyError;
pub use location::escaped;

/// Makes an HTTP response of an endpoint's answer.
///
/// ```
/// use kit_core::{Context, Error};
/// use kit_transport::http::Response;
/// use kit_transport::http::server::reply::{EncodeResponse, Reply};
///
/// struct Plain;
///
/// impl EncodeResponse<u64> for Plain {
///     fn encode(&self, _cx: &mut Context, answer: u64) -> Result<Response, Error> {
///         Reply::ok().text(answer.to_string())
///     }
/// }
///
/// let response = Plain.encode(&mut Context::new(), 42)?;
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no response of HTTP out of `{Res}`",
    note = "a codec such as `Json` writes one value; `NdJson` and `Sse` write a `Streaming`; `Reply` says a status and headers of its own"
)]
pub trait EncodeResponse<Res>: Send + Sync + 'static {
    /// The response.
    ///
    /// # Errors
    /// A bug if HTTP or the format cannot express the answer; or what the encoder makes of an answer that is an error on this
    /// wire.
    fn encode(&self, cx: &mut Context, response: Res) -> Result<Response, Error>;
}

/// 200 and the whole answer, by this codec.
impl<C, Res> EncodeResponse<Res> for C
where
    C: codec::Codec + codec::Encode<Res>,
{
    fn encode(&self, _cx: &mut Context, response: Res) -> Result<Response, Error> {
        encoded(self, &response)
    }
}

/// A response of status 200 whose body is `value`.
fn encoded<C, T>(codec: &C, value: &T) -> Result<Response, Error>
where
    C: codec::Encode<T>,
    T: ?Sized,
{
    let mut response = Response::new(Body::full(codec.encode(value)?));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(codec.content_type()));
    Ok(response)
}

/// 204, without a body and without a content type: for endpoints that answer `()`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContent;

impl EncodeResponse<()> for NoContent {
    fn encode(&self, _cx: &mut Context, (): ()) -> Result<Response, Error> {
        Reply::no_content().empty()
    }
}

/// An encoder from a function. It may hold state, and it may refuse.
///
/// ```
/// use kit_core::Streaming;
/// use bytes::Bytes;
/// use kit_transport::http::server::reply::{Reply, encode_fn};
///
/// let count = encode_fn(|_cx, count: usize| Reply::ok().text(count.to_string()));
/// let file = encode_fn(|_cx, chunks: Streaming<Bytes>| Reply::ok().stream("text/csv", chunks));
/// ```
pub fn encode_fn<F, Res>(f: F) -> EncodeFn<F>
where
    F: Fn(&mut Context, Res) -> Result<Response, Error> + Send + Sync + 'static,
{
    EncodeFn(f)
}

/// The encoder of [`encode_fn`].
#[derive(Clone, Copy)]
pub struct EncodeFn<F>(F);

impl<F, Res> EncodeResponse<Res> for EncodeFn<F>
where
    F: Fn(&mut Context, Res) -> Result<Response, Error> + Send + Sync + 'static,
{
    fn encode(&self, cx: &mut Context, response: Res) -> Result<Response, Error> {
        self.0(cx, response)
    }
}

impl<F> fmt::Debug for EncodeFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodeFn")
    }
}

#[cfg(test)]
mod tests;
