use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use kit_core::{Context, Endpoint, Error};

use super::body::Inflating;
use crate::http::server::compression::coding;
use crate::http::server::extract::{BodyLimit, uncoded};
use crate::http::{Body, Request, Response};

/// Undoes the content coding of requests: the endpoint inside sees neither the coding nor the length of what came.
///
/// What comes of it is held to the call's [`BodyLimit`], whoever reads it, and to the ratio of the
/// [config](super::DecompressConfig); it is made as it is read, some 32 KiB at a time. A route that may have more sets its limit
/// outside this layer.
///
/// # Errors
/// 415 for a coding other than gzip and deflate and for several, with what is taken in `Accept-Encoding`. Where the body is read: 413
/// with [`BodyTooLarge`](crate::http::BodyTooLarge) or [`TooCompressed`](super::TooCompressed), 400 for what is not in its coding,
/// ends early, or goes on behind its end.
///
/// # Cancel safety
/// As the endpoint's.
#[derive(Clone, Debug)]
pub struct Decompress<E> {
    pub(super) inner: E,
    pub(super) max_ratio: u32,
}

impl<E> Endpoint<Request> for Decompress<E>
where
    E: Endpoint<Request, Response = Response>,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, mut request: Request) -> Result<Response, Error> {
        match coding::of_body(cx.inbound().headers()) {
            Ok(None) => {}
            Ok(Some(coding)) => {
                let limit = BodyLimit::of(cx).0;
                let mut inbound = cx.take_inbound();
                inbound.remove(CONTENT_ENCODING.as_str());
                inbound.remove(CONTENT_LENGTH.as_str());
                cx.set_inbound(inbound);
                let body = std::mem::take(request.body_mut());
                *request.body_mut() = Body::new(Inflating::new(coding, body, limit, self.max_ratio));
            }
            Err(coding::Unknown) => {
                cx.outbound_mut().insert(ACCEPT_ENCODING.as_str(), coding::ALL)?;
                // The error of everybody who meets a coding here; there is one, or this would not be reached.
                uncoded(cx.inbound().headers())?;
            }
        }
        self.inner.call(cx, request).await
    }
}
