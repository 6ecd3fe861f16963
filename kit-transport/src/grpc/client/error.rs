use h2::Reason;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode};
use kit_core::{Code, Error, Outcome, Retry};
use tokio::time::Instant;

use crate::http::client::headers::{UNEXPECTED, shown, unexpected};
use crate::http::client::{UnexpectedAnswer, error as below};
use crate::http::problem;

/// A call that this channel cannot carry.
#[cold]
pub(super) fn not_http2(target: &Authority) -> Error {
    here(Error::failed_precondition("gRPC needs HTTP/2: set http2_only in the settings of the connections"))
        .with_reason("http2_required")
        .with_field("target", target.as_str())
}

/// A method that no path can be made of.
#[cold]
pub(super) fn no_path(service: &str, name: &str) -> Error {
    let line = format!("{service:?} and {name:?} are no service and method of gRPC");
    here(Error::invalid_argument(line)).with_reason("bad_path")
}

/// A mistake of the program that calls: nothing was sent, and the same call would fail again.
fn here(error: Error) -> Error {
    error.with_outcome(Outcome::Rejected).with_retry(Retry::Never)
}

/// A request whose source failed while it was sent: its own error, and no failure of who was called.
pub(super) fn unsent(error: &Error) -> Error {
    below::upload(error)
}

/// A call that ended before the head of its answer.
pub(super) fn unanswered(error: Error, deadline: Instant, target: &Authority) -> Error {
    match reset(&error) {
        // Told already, and that it did not run.
        None | Some(Reason::REFUSED_STREAM) => error,
        Some(reason) => of_reset(reason, error, deadline, target),
    }
}

/// An answer that broke off.
pub(super) fn broken(error: Error, deadline: Instant, target: &Authority) -> Error {
    match reset(&error) {
        None => below::broken(error, target),
        Some(reason) => of_reset(reason, error, deadline, target),
    }
}

/// An answer that came with another status of HTTP than 200, and none of gRPC.
pub(super) fn of_http(status: StatusCode, headers: &HeaderMap, target: &Authority) -> Error {
    let code = code_of_http(status);
    let error = Error::from_code(code)
        .with_reason("unexpected_http_status")
        .with_field("http_status", status.as_u16())
        .with_field("target", target.as_str());
    match problem::hint(headers) {
        Some(hint) if hint == Retry::Never || code == Code::Unavailable => error.with_retry(hint),
        _ => error,
    }
}

/// # Source
/// github.com/grpc/grpc, `doc/http-grpc-status-mapping.md`.
fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// Why a stream was reset, if that is what ended it: by the peer, or by h2 for what the peer did to it.
fn reset(error: &Error) -> Option<Reason> {
    error.cause::<h2::Error>().filter(|error| error.is_reset()).and_then(h2::Error::reason)
}

fn of_reset(reason: Reason, cause: Error, deadline: Instant, target: &Authority) -> Error {
    // Who keeps the deadline on the other side ends the call so, and may be a little ahead.
    if reason == Reason::CANCEL && Instant::now() >= deadline {
        return below::late(target);
    }
    let error = Error::boundary(code_of_reset(reason), cause)
        .with_message("the answer broke off")
        .with_reason("stream_reset")
        .with_field("target", target.as_str());
    // The code is the table's; but nobody here has left.
    if reason == Reason::CANCEL { error.with_outcome(Outcome::BackendError) } else { error }
}

/// # Source
/// github.com/grpc/grpc, `doc/PROTOCOL-HTTP2.md`, "Errors"; Go's client for the codes that the table leaves out.
fn code_of_reset(reason: Reason) -> Code {
    match reason {
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::CANCEL => Code::Cancelled,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        reason if u32::from(reason) <= u32::from(Reason::HTTP_1_1_REQUIRED) => Code::Internal,
        _ => Code::Unknown,
    }
}

/// A stream that ended by a reset that is no error, without its status.
pub(super) fn cut_off(target: &Authority) -> Error {
    Error::new(code_of_reset(Reason::NO_ERROR), "the answer broke off")
        .with_reason("stream_reset")
        .with_retry(Retry::MayHaveRun)
        .with_field("target", target.as_str())
}

/// A status that came. One that says cancelled, when the time was up, is the deadline's.
pub(super) fn of_status(error: Error, deadline: Instant, target: &Authority) -> Error {
    match error.code() {
        Code::Cancelled if Instant::now() >= deadline => below::late(target),
        _ => error.with_field("target", target.as_str()),
    }
}

/// An answer of success that is none of gRPC, or of one whose messages the codec does not read.
pub(super) fn unexpected_content(headers: &HeaderMap, is_grpc: bool, target: &Authority) -> Error {
    let cause = unexpected(headers);
    if is_grpc {
        return below::unreadable(cause, UNEXPECTED, target);
    }
    Error::boundary(Code::Unknown, cause)
        .with_message("the answer is none of gRPC")
        .with_reason(UNEXPECTED)
        .with_field("target", target.as_str())
}

/// Messages that are compressed in a way that was not asked for.
///
/// # Source
/// github.com/grpc/grpc, `doc/compression.md`: who was told what is read here has no excuse, so it is `Internal`.
pub(super) fn unexpected_coding(coding: Option<&HeaderValue>, target: &Authority) -> Error {
    let cause = UnexpectedAnswer::ContentCoding(coding.map(shown).unwrap_or_default());
    below::unreadable(cause, "unexpected_content_coding", target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_http_and_reasons_of_resets_have_the_codes_of_the_tables() {
        for (status, code) in [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
            (204, Code::Unknown),
            (302, Code::Unknown),
            (500, Code::Unknown),
        ] {
            assert_eq!(code_of_http(StatusCode::from_u16(status).unwrap()), code, "{status}");
        }
        for number in 0..20 {
            let code = match number {
                7 => Code::Unavailable,
                8 => Code::Cancelled,
                11 => Code::ResourceExhausted,
                12 => Code::PermissionDenied,
                0..=13 => Code::Internal,
                _ => Code::Unknown,
            };
            assert_eq!(code_of_reset(Reason::from(number)), code, "{number}");
        }
    }

    #[test]
    fn a_proxy_that_asks_for_a_pause_is_heard() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().unwrap());
        let hint = |status| of_http(status, &headers, &Authority::from_static("h")).retry();
        assert_eq!(hint(StatusCode::SERVICE_UNAVAILABLE), Retry::After(std::time::Duration::from_secs(3)));
        assert_eq!(hint(StatusCode::INTERNAL_SERVER_ERROR), Retry::of_code(Code::Unknown));
    }
}
