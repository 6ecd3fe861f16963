use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use kit_core::{Context, Error};
use serde::de::DeserializeOwned;

use super::FromRequest;
use super::media::{accepts, uncoded};
use crate::codec;
use crate::http::{Body, Request};

/// How large a body may be that is read whole, in bytes: left in the [context](Context::extensions_mut) by a hook or a layer.
///
/// ```
/// use kit_core::Context;
/// use kit_transport::http::server::extract::BodyLimit;
///
/// let mut cx = Context::new();
/// assert_eq!(BodyLimit::of(&cx), BodyLimit::DEFAULT);
/// cx.extensions_mut().insert(BodyLimit(32 << 20));
/// assert_eq!(BodyLimit::of(&cx), BodyLimit(32 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl BodyLimit {
    /// 2 MiB: far above any request that a person or a form makes, and little enough to be held by a thousand calls at once.
    pub const DEFAULT: BodyLimit = BodyLimit(2 * 1024 * 1024);

    /// The limit of this call.
    pub fn of(cx: &Context) -> BodyLimit {
        cx.extensions().get().copied().unwrap_or(Self::DEFAULT)
    }
}

/// A body of JSON, by [`codec::Json`].
///
/// # Errors
/// 415 with a [`MediaTypeError`](super::MediaTypeError) for any other content type and for a content coding, 413 with
/// [`BodyTooLarge`](crate::http::BodyTooLarge) above the [limit](BodyLimit), 400 for what is no JSON or does not fit `T`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequest for Json<T> {
    async fn from_request(cx: &mut Context, request: &mut Request) -> Result<Self, Error> {
        decode(&codec::Json, cx, std::mem::take(request.body_mut())).await.map(Json)
    }
}

/// A body of a form, by [`codec::Form`].
///
/// # Errors
/// As [`Json`].
#[cfg(feature = "form")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

#[cfg(feature = "form")]
impl<T: DeserializeOwned + Send> FromRequest for Form<T> {
    async fn from_request(cx: &mut Context, request: &mut Request) -> Result<Self, Error> {
        decode(&codec::Form, cx, std::mem::take(request.body_mut())).await.map(Form)
    }
}

/// The body as it is, of any content type.
///
/// # Errors
/// 415 for a content coding, 413 above the [limit](BodyLimit).
impl FromRequest for Bytes {
    async fn from_request(cx: &mut Context, request: &mut Request) -> Result<Self, Error> {
        uncoded(cx.inbound().headers())?;
        read(cx, std::mem::take(request.body_mut())).await
    }
}

/// The whole body by a codec. Beyond the value itself nothing is allocated for a body of one frame.
pub(super) async fn decode<C, T>(codec: &C, cx: &mut Context, body: Body) -> Result<T, Error>
where
    C: codec::Decode<T>,
{
    accepts(codec, cx.inbound().headers())?;
    let bytes = read(cx, body).await?;
    codec.decode(&bytes)
}

pub(in crate::http::server) async fn read(cx: &mut Context, body: Body) -> Result<Bytes, Error> {
    let mut body = pin!(body.bytes(BodyLimit::of(cx).0));
    let mut waited = false;
    let bytes = poll_fn(|task| {
        let bytes = body.as_mut().poll(task);
        waited |= bytes.is_pending();
        bytes
    })
    .await;
    if waited {
        cx.stamp();
    }
    let bytes = bytes?;
    cx.sizes_mut().add_received(bytes.len());
    Ok(bytes)
}
