//! Out of HTTP, into the business request: an endpoint's own type, which knows nothing of a wire.
//!
//! Three ways, from the least to write to the most to say:
//!
//! | decoder | the request is |
//! |---|---|
//! | a [codec], such as [`Json`](crate::codec::Json) | the whole body |
//! | [`extract`] | put together by a function of [`Path`], [`Query`], [`Header`], [`Json`], raw bytes |
//! | [`decode_fn`] | what an `async fn(&mut Context, Request)` makes of it |
//!
//! ```
//! use kit_transport::http::server::extract::{Json, Path, extract};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Profile {
//!     name: String,
//! }
//!
//! /// What the endpoint takes.
//! struct PutProfile {
//!     id: u64,
//!     profile: Profile,
//! }
//!
//! let put = extract(|Path(id): Path<u64>, Json(profile): Json<Profile>| Ok(PutProfile { id, profile }));
//! ```
//!
//! What does not fit is answered with 400, or 413 and 415 where it is about the body, a line that may be shown and a reason.
//! The typed cause ([`PathError`], [`QueryError`], [`HeaderError`], [`MediaTypeError`]) is in the error's chain. Headers are
//! read from the context's inbound metadata, which is where a request's headers are inside kit.

pub(super) mod body;
mod function;
mod header;
pub(super) mod media;
mod path;
mod query;

use kit_core::{Context, Error};

use crate::codec;
use crate::http::Request;

#[cfg(feature = "form")]
pub use body::Form;
pub use body::{BodyLimit, Json};
pub use function::{DecodeFn, Extract, Extractor, decode_fn, extract};
pub use header::{FromHeader, Header, HeaderError, header, required_header};
#[cfg(feature = "grpc")]
pub(crate) use media::unsupported;
pub use media::{MediaTypeError, Readable, accepts, uncoded};
pub use path::{Path, PathError, PathParams};
pub use query::{Query, QueryError};

/// A part of a request that a function given to [`extract`] asks for.
///
/// ```
/// use kit_core::{Context, Error};
/// use kit_transport::http::Request;
/// use kit_transport::http::server::extract::{FromRequest, extract, required_header};
///
/// struct Tenant(String);
///
/// impl FromRequest for Tenant {
///     async fn from_request(cx: &mut Context, _request: &mut Request) -> Result<Self, Error> {
///         Ok(Tenant(required_header(cx, "x-tenant")?.to_owned()))
///     }
/// }
///
/// let tenant = extract(|Tenant(name)| Ok(name));
/// ```
pub trait FromRequest: Sized + Send {
    /// Takes it out of the request.
    ///
    /// A request has one body: who wants it takes it ([`std::mem::take`]), and of two that do the second finds it empty.
    ///
    /// # Errors
    /// Says of what is missing or does not fit that it is the caller's mistake, with a line that may be shown.
    fn from_request(cx: &mut Context, request: &mut Request) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// Makes an endpoint's request out of HTTP.
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no request of type `{Req}` out of HTTP",
    note = "a codec such as `Json` reads one value, `NdJson` a stream of them into `Messages`; `extract(|Path(id): Path<u64>| ..)` puts a request together"
)]
pub trait DecodeRequest<Req>: Send + Sync + 'static {
    /// The endpoint's request.
    ///
    /// # Errors
    /// What is wrong with the request, with a line that may be shown.
    ///
    /// # Cancel safety
    /// What was read of the body is lost when this is dropped.
    fn decode(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Req, Error>> + Send;
}

/// The whole body, by this codec: its [content type](accepts) and the [limit](BodyLimit) are checked.
impl<C, Req> DecodeRequest<Req> for C
where
    C: codec::Codec + codec::Decode<Req>,
{
    fn decode(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Req, Error>> + Send {
        // The rest of the request ends here: a future that waits for the body need not hold it.
        body::decode(self, cx, request.into_body())
    }
}

#[cfg(test)]
mod tests;
