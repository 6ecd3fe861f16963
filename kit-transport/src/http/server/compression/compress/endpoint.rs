use std::io::{self, Write as _};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderValue, VARY,
};
use http::{StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use kit_core::{Context, Endpoint, Error, StreamEnd};

use super::CompressConfig;
use super::body::{Deflating, Encoder};
use crate::http::server::compression::coding::{self, Coding};
use crate::http::{Body, Request, Response};

/// Compresses answers of types that gain by it, for callers whose `Accept-Encoding` allows it; `Vary` says so to caches.
///
/// Left as they are: what is small, has a coding already, is a part of something (`Content-Range`), is not to be transformed
/// (`Cache-Control`), has no body, or is a stream of events, which nobody may hold back. A streamed answer is compressed as it
/// comes, and what there is leaves whenever nothing more is there. An error becomes an answer further out: it is not compressed.
///
/// # Cancel safety
/// As the endpoint's.
#[derive(Clone, Debug)]
pub struct Compress<E> {
    pub(super) inner: E,
    pub(super) config: CompressConfig,
}

/// Up to this it is done at once, and the answer has a length.
const AT_ONCE: u64 = 64 * 1024;

impl<E> Endpoint<Request> for Compress<E>
where
    E: Endpoint<Request, Response = Response>,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let coding = coding::accepted(cx.inbound().headers());
        let mut response = self.inner.call(cx, request).await?;
        let size = response.body().size_hint().exact();
        if !gains(&response) || size.is_some_and(|size| size < self.config.min_bytes.max(1)) {
            return Ok(response);
        }
        vary(response.headers_mut());
        let Some(coding) = coding else { return Ok(response) };
        mark(response.headers_mut(), coding);
        let body = std::mem::take(response.body_mut());
        if body.is_ready() && size.is_some_and(|size| size <= AT_ONCE) {
            let whole = body.collect().await?.to_bytes();
            *response.body_mut() = Body::full(at_once(coding, self.config.level, &whole).map_err(Error::bug)?);
        } else {
            *response.body_mut() = Body::new(Deflating::new(body, Encoder::new(coding, self.config.level)));
            if cx.stream().is_none() {
                // It goes on after this: layers outside see its end.
                cx.announce(StreamEnd::new());
            }
        }
        Ok(response)
    }
}

fn at_once(coding: Coding, level: u32, bytes: &Bytes) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(coding, level);
    encoder.write_all(bytes)?;
    encoder.finish()?;
    Ok(encoder.take())
}

/// Whether compressing such an answer is allowed, and worth it.
fn gains(response: &Response) -> bool {
    let headers = response.headers();
    let bodiless = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT
    ) || response.status().is_informational();
    let kept = || {
        headers.get_all(CACHE_CONTROL).iter().any(|value| {
            let mut directives = value.as_bytes().split(|&byte| byte == b',');
            directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
        })
    };
    !bodiless
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && headers.get(CONTENT_TYPE).is_some_and(is_compressible)
        && !kept()
}

fn is_compressible(value: &HeaderValue) -> bool {
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/event-stream" => false,
        // Its messages have a compression of their own, and its readers know no other.
        other if other.starts_with("application/grpc") => false,
        "application/json"
        | "application/javascript"
        | "application/xml"
        | "application/x-ndjson"
        | "image/svg+xml" => true,
        other => other.starts_with("text/") || other.ends_with("+json") || other.ends_with("+xml"),
    }
}

/// What caches have to ask before they hand the answer to another caller.
fn vary(headers: &mut HeaderMap) {
    let named = headers.get_all(VARY).iter().any(|value| {
        let mut names = value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str().as_bytes()))
    });
    if !named {
        headers.append(VARY, HeaderValue::from(ACCEPT_ENCODING));
    }
}

fn mark(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(CONTENT_LENGTH);
    // Ranges, and strong tags, are of the bytes that leave.
    headers.remove(ACCEPT_RANGES);
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
    {
        let weak = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat());
        match weak {
            Ok(weak) => headers.insert(header::ETAG, weak),
            Err(_) => headers.remove(header::ETAG),
        };
    }
}
