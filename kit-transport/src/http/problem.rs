//! Errors on the wire: RFC 9457, `application/problem+json`.
//!
//! ```json
//! {"type":"about:blank","title":"Bad Request","status":400,"detail":"the text is empty",
//!  "code":"InvalidArgument","reason":"empty_string","id":"5a5f2c01b7d3c9e4"}
//! ```
//!
//! `detail` is the public line, `id` leads to the log. Beside them goes the error's [hint](kit_core::Error::retry), where the code does
//! not imply it: a pause as `Retry-After`, and `grpc-retry-pushback-ms: -1` where nobody is to repeat the call, since somebody further
//! down has done so. An error that is a [failure](kit_core::failure) has a member more, `failure`. Nothing else of an error leaves.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use http::{Response, StatusCode};
use kit_core::failure::Details;
use kit_core::sources::{SystemClock, WallClock};
use kit_core::{Code, Error, Retry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::server::extract::{MediaTypeError, Readable};
use super::{Body, BodyTooLarge, code_of, status_of};
pub(crate) use crate::codec::clean;
use crate::failure;

/// The media type of a problem.
pub const CONTENT: &str = "application/problem+json";

/// What a caller is told of another attempt, in milliseconds (proposal A6).
pub(crate) const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// The cause of an error that is about HTTP itself, and has a status that its code does not imply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// 405: the path exists, the method does not.
    #[error("method not allowed; allowed: {allow}")]
    MethodNotAllowed {
        /// The methods that the path has.
        allow: String,
    },
    /// 406: no representation that the caller accepts.
    #[error("not acceptable")]
    NotAcceptable,
    /// 408: the request came too slowly.
    #[error("request timeout")]
    RequestTimeout,
    /// 413: the content is too large, in another way than [`BodyTooLarge`] tells.
    #[error("content too large")]
    ContentTooLarge,
    /// 414: the target of the request is too long.
    #[error("uri too long")]
    UriTooLong,
    /// 415: a media type or a content coding that nobody here reads.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// 422: well formed, and not what is asked for.
    #[error("unprocessable content")]
    UnprocessableContent,
    /// 431: the headers of the request are too many or too large.
    #[error("request header fields too large")]
    HeadersTooLarge,
}

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Rejection::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Rejection::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Rejection::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Rejection::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Rejection::UriTooLong => StatusCode::URI_TOO_LONG,
            Rejection::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Rejection::UnprocessableContent => StatusCode::UNPROCESSABLE_ENTITY,
            Rejection::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<failure::Written<'a>>,
}

/// What is read back. A foreign problem may lack any of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Read {
    detail: Option<String>,
    title: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    id: Option<String>,
    failure: Option<Box<RawValue>>,
}

/// The status that an error leaves with: that of its HTTP cause, else that of its code.
pub fn status(error: &Error) -> StatusCode {
    if let Some(rejection) = error.cause::<Rejection>() {
        return rejection.status();
    }
    if error.cause::<BodyTooLarge>().is_some() {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    status_of(error.code())
}

/// What is written of an error.
pub(super) fn written(error: &Error) -> Vec<u8> {
    let (status, details) = (status(error), Details::of(error));
    let written = Written {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Client Closed Request"),
        status: status.as_u16(),
        detail: error.message(),
        code: error.code().as_str(),
        reason: error.reason(),
        id: error.id().to_string(),
        failure: details.as_ref().and_then(failure::Written::of),
    };
    serde_json::to_vec(&written).expect("strings, a number and JSON are JSON")
}

/// The response to a call that failed.
pub fn response(error: &Error) -> Response<Body> {
    let mut response = Response::new(Body::full(written(error)));
    *response.status_mut() = status(error);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    match error.retry() {
        Retry::After(pause) => {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(pause)));
        }
        // Where the code says so anyway, it goes without saying.
        Retry::Never if Retry::of_code(error.code()) != Retry::Never => {
            headers.insert(PUSHBACK, HeaderValue::from_static("-1"));
        }
        _ => {}
    }
    if let Some(Rejection::MethodNotAllowed { allow }) = error.cause()
        && let Ok(allow) = HeaderValue::from_str(allow)
    {
        headers.insert(ALLOW, allow);
    }
    if let Some(readable) = error.cause::<Readable>()
        && let Ok(types) = HeaderValue::from_str(readable.types())
    {
        headers.insert(ACCEPT, types);
    }
    // A layer that undoes codings names them instead.
    if let Some(MediaTypeError::Coding) = error.cause() {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response
}

/// The error that a response of this status, headers and body stands for.
///
/// A body of ours gives code, reason, id, line and failure back; any other speaks by its status alone, since a stranger's text is
/// not a line of ours.
pub fn error(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Error {
    let is_problem = headers.get(CONTENT_TYPE).is_some_and(|value| {
        value.as_bytes().get(..CONTENT.len()).is_some_and(|start| start.eq_ignore_ascii_case(CONTENT.as_bytes()))
    });
    let read: Read = if is_problem { serde_json::from_slice(body).unwrap_or_default() } else { Read::default() };
    let said = read.code.as_deref().and_then(|code| code.parse().ok());
    let code = said.unwrap_or(code_of(status));
    let mut error = match read.detail.or(read.title) {
        Some(line) => Error::new(code, clean(line)),
        None => Error::from_code(code),
    };
    error = error.with_field("http_status", status.as_u16());
    if let Some(reason) = read.reason {
        error = error.with_reason(clean(reason));
    }
    if let Some(id) = read.id.and_then(|id| id.parse().ok()) {
        error = error.with_id(id);
    }
    let error = failure::attach(error, read.failure.as_deref());
    // Of a stranger's answer only what is about load is a pause before another try; a redirect has one too.
    let believed = said.is_some() || matches!(code, Code::Unavailable | Code::ResourceExhausted);
    match hint(headers) {
        Some(hint) if hint == Retry::Never || believed => error.with_retry(hint),
        _ => error,
    }
}

/// What the headers of an answer say of another attempt.
pub(crate) fn hint(headers: &HeaderMap) -> Option<Retry> {
    pushback(headers).or_else(|| retry_after(headers, &SystemClock))
}

/// The longest pause that is read from a date: one further away is a mistake, or that of a clock.
const LONGEST: Duration = Duration::from_secs(86_400);

/// `Retry-After`: whole seconds, or a date (RFC 9110, 10.2.3). A date is counted from the answer's own `Date`, since one clock wrote
/// both, and from `clock` where there is none. One that has passed is no pause.
fn retry_after(headers: &HeaderMap, clock: &impl WallClock) -> Option<Retry> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let pause = match value.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(seconds.into()),
        Err(_) => {
            let until = httpdate::parse_http_date(value).ok()?;
            let now = date(headers).unwrap_or_else(|| clock.now());
            until.duration_since(now).unwrap_or_default().min(LONGEST)
        }
    };
    Some(Retry::After(pause))
}

/// When the answer was made, by its sender's clock.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// gRPC's word on another attempt: after so many milliseconds, or not at all if it is no such number (proposal A6).
pub(crate) fn pushback(headers: &HeaderMap) -> Option<Retry> {
    let value = headers.get(PUSHBACK)?;
    let pause: Option<u32> = value.to_str().ok().and_then(|value| value.parse().ok());
    Some(pause.map_or(Retry::Never, |ms| Retry::After(Duration::from_millis(ms.into()))))
}

/// Rounded up: a caller that comes early is refused again.
fn whole_seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(error: &Error) -> (StatusCode, HeaderMap, Bytes) {
        let (parts, body) = response(error).into_parts();
        (parts.status, parts.headers, body.bytes(usize::MAX).await.unwrap())
    }

    #[tokio::test]
    async fn an_error_comes_back_with_its_code_line_reason_and_id() {
        for code in Code::ALL {
            let error = Error::new(code, "a line").with_reason("why");
            let (status, headers, body) = sent(&error).await;
            let back = super::error(status, &headers, &body);
            assert_eq!((back.code(), back.message(), back.reason()), (code, "a line", Some("why")));
            assert_eq!(back.id(), error.id());
        }
    }

    #[tokio::test]
    async fn nothing_internal_leaves() {
        #[derive(Debug, thiserror::Error)]
        #[error("password of db-7 is hunter2")]
        struct Secret;
        let error = Error::bug(Secret).with_field("host", "db-7");
        let (status, _, body) = sent(&error).await;
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(status, 500);
        assert!(!body.contains("hunter2") && !body.contains("db-7") && !body.contains(".rs"), "{body}");
        assert!(body.contains("There was an unexpected issue; please report this as a bug."));
        assert!(body.contains(&error.id().to_string()));
    }

    #[tokio::test]
    async fn a_known_pause_is_sent_rounded_up_and_read_back() {
        let error = Error::unavailable("busy").with_retry(Retry::After(Duration::from_millis(1_200)));
        let (status, headers, body) = sent(&error).await;
        assert_eq!(headers[RETRY_AFTER], "2");
        assert_eq!(super::error(status, &headers, &body).retry(), Retry::After(Duration::from_secs(2)));
    }

    #[tokio::test]
    async fn a_problem_of_ours_is_believed_its_pause_whatever_its_code() {
        for code in Code::ALL {
            let error = Error::from_code(code).with_retry(Retry::After(Duration::from_secs(3)));
            let (status, headers, body) = sent(&error).await;
            assert_eq!(super::error(status, &headers, &body).retry(), error.retry(), "{code}");
            // Without its body it is anybody's.
            let strangers = super::error(status, &headers, &Bytes::new());
            let about_load = matches!(strangers.code(), Code::Unavailable | Code::ResourceExhausted);
            assert_eq!(strangers.retry() == error.retry(), about_load, "{code}");
        }
    }

    /// What `Retry-After` and, if it is not empty, `Date` say at 1994-11-06T08:49:37Z.
    fn pause(until: &str, date: &str) -> Option<Duration> {
        let clock = kit_core::sources::FixedClock::at_nanos(784_111_777_000_000_000);
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(until).ok()?);
        if !date.is_empty() {
            headers.insert(DATE, HeaderValue::from_str(date).ok()?);
        }
        retry_after(&headers, &clock)?.after()
    }

    #[test]
    fn a_pause_is_read_from_a_date_in_each_of_its_forms() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for form in ["Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"] {
            assert_eq!(pause(form, ""), seconds(60), "{form}");
        }
        let until = "Sun, 06 Nov 1994 08:50:37 GMT";
        // The sender's clock is hours ahead of ours, or says nothing that can be read.
        assert_eq!(pause("Sun, 06 Nov 1994 11:50:37 GMT", "Sun, 06 Nov 1994 11:50:07 GMT"), seconds(30));
        assert_eq!(pause(until, "yesterday"), seconds(60));
        assert_eq!(pause(until, until), seconds(0));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:36 GMT", ""), seconds(0), "it has passed");
        assert_eq!(pause("Fri, 31 Dec 9999 23:59:59 GMT", ""), Some(LONGEST));
        assert_eq!(pause("120", until), seconds(120));
        for no in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:50:37 CET", "Mon, 06 Nov 1994 08:50:37 GMT"] {
            assert_eq!(pause(no, ""), None, "{no:?}");
        }
    }

    #[test]
    fn a_date_reaches_the_caller_who_may_repeat() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:40 GMT"));
        let error = |status| super::error(status, &headers, &Bytes::new()).retry();
        assert_eq!(error(StatusCode::SERVICE_UNAVAILABLE), Retry::After(Duration::from_secs(3)));
        assert_eq!(error(StatusCode::NOT_FOUND), Retry::of_code(Code::NotFound));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_as_a_date_is_read_or_left(until in "[ -~]{0,40}", date in "[ -~]{0,40}") {
            let seconds = until.parse::<u32>().is_ok();
            proptest::prop_assert!(pause(&until, &date).is_none_or(|pause| seconds || pause <= LONGEST));
        }
    }

    #[tokio::test]
    async fn an_error_that_nobody_is_to_repeat_says_so_where_its_code_does_not() {
        let error = Error::unavailable("down").with_retry(Retry::Never);
        let (status, headers, body) = sent(&error).await;
        assert_eq!(headers["grpc-retry-pushback-ms"], "-1");
        assert_eq!(super::error(status, &headers, &body).retry(), Retry::Never);
        for error in [Error::unavailable("down"), Error::not_found("no such row")] {
            let (status, headers, body) = sent(&error).await;
            assert!(!headers.contains_key("grpc-retry-pushback-ms"));
            assert_eq!(super::error(status, &headers, &body).retry(), error.retry());
        }
    }

    #[test]
    fn a_pushback_in_milliseconds_goes_before_whole_seconds() {
        let hint = |pushback: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
            headers.insert(PUSHBACK, HeaderValue::from_static(pushback));
            super::error(StatusCode::SERVICE_UNAVAILABLE, &headers, &Bytes::new()).retry()
        };
        assert_eq!(hint("150"), Retry::After(Duration::from_millis(150)));
        for no in ["-1", "soon", ""] {
            assert_eq!(hint(no), Retry::Never, "{no:?}");
        }
    }

    #[tokio::test]
    async fn http_causes_have_their_own_status() {
        let allow = Rejection::MethodNotAllowed { allow: "GET, POST".into() };
        let (status, headers, _) = sent(&Error::boundary(Code::Unimplemented, allow)).await;
        assert_eq!((status.as_u16(), &headers[ALLOW]), (405, &HeaderValue::from_static("GET, POST")));
        let error = Error::boundary(Code::InvalidArgument, Rejection::UnsupportedMediaType);
        assert_eq!(sent(&error).await.0, 415);
        let error = Body::from("abc").bytes(2).await.unwrap_err();
        assert_eq!(sent(&error).await.0, 413);
    }

    #[test]
    fn a_foreign_body_speaks_by_its_status() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        let body = Bytes::from_static(b"<h1>{\"code\":\"NotFound\"}</h1>");
        let error = super::error(StatusCode::BAD_GATEWAY, &headers, &body);
        assert_eq!((error.code(), error.message()), (Code::Unavailable, Code::Unavailable.line()));
        // A problem of another toolkit: no code, and a line.
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
        let body = Bytes::from_static(b"{\"title\":\"Too\\nmany\"}");
        let error = super::error(StatusCode::TOO_MANY_REQUESTS, &headers, &body);
        assert_eq!((error.code(), error.message()), (Code::ResourceExhausted, "Too many"));
        // Damaged: the status again.
        let error = super::error(StatusCode::NOT_FOUND, &headers, &Bytes::from_static(b"{"));
        assert_eq!(error.code(), Code::NotFound);
    }
}
