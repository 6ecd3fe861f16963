//! How a call ended, in trailers: the error of kit there and back.
//!
//! # Source
//! gRPC over HTTP/2, "Responses"; `doc/statuscodes.md`; `google/rpc/status.proto` and `error_details.proto`; proposal A6 for pushback.

mod details;
mod percent;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use kit_core::{Code, Error, Metadata, Retry};
use prost::Message as _;

use self::details::Status;
use super::frame::ENCODING;
use crate::http::problem::{PUSHBACK, clean, pushback};

pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The longest line that is sent, in bytes: as much as is read of one.
const LINE: usize = 1024;

/// The trailers of a call that went well. A copy, for which nothing is hashed.
pub(crate) fn well() -> HeaderMap {
    static WELL: LazyLock<HeaderMap> =
        LazyLock::new(|| HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]));
    WELL.clone()
}

/// The trailers of a call that failed.
pub(crate) fn trailers_of(error: &Error) -> HeaderMap {
    let code = error.code();
    let line = error.message();
    let line = &line[..line.floor_char_boundary(LINE.min(line.len()))];
    let mut trailers = Metadata::default();
    // Past 8 KiB no peer takes them, and the error goes without. Details that large are a reason nobody meant.
    let details = Status::of(error, line).encode_to_vec();
    let _ = trailers.insert_bin(DETAILS.as_str(), &details);
    let mut trailers = trailers.into_headers();
    trailers.insert(STATUS, HeaderValue::from(u16::from(code.number())));
    trailers.insert(MESSAGE, percent::encoded(line));
    match error.retry() {
        Retry::After(pause) => {
            trailers.insert(PUSHBACK, HeaderValue::from(milliseconds(pause)));
        }
        // Where the code says so anyway, it goes without saying.
        Retry::Never if Retry::of_code(code) != Retry::Never => {
            trailers.insert(PUSHBACK, HeaderValue::from_static("-1"));
        }
        _ => {}
    }
    trailers
}

/// The trailers of a call with what its endpoint left for its caller; the status is ours.
pub(crate) fn sealed(mut left: HeaderMap, error: Option<&Error>) -> HeaderMap {
    unreserve(&mut left);
    left.extend(error.map_or_else(well, trailers_of));
    left
}

/// What only the protocol says. What layers say in names of gRPC is not among it: `grpc-previous-rpc-attempts`, `grpc-trace-bin`.
const RESERVED: [HeaderName; 5] = [STATUS, MESSAGE, DETAILS, ENCODING, CONTENT_TYPE];

/// Takes out what only the protocol says.
pub(crate) fn unreserve(headers: &mut HeaderMap) {
    // Nearly always there is none, and names are compared sooner than looked up.
    if headers.keys().any(|name| RESERVED.contains(name)) {
        for name in RESERVED {
            headers.remove(name);
        }
    }
}

/// What the trailers of a call say of it.
///
/// # Errors
/// What the call failed with; `Unknown` where they do not say.
pub(crate) fn error_of(trailers: &HeaderMap) -> Result<(), Error> {
    let status = trailers.get(STATUS).map(HeaderValue::as_bytes);
    let code = match status {
        Some(b"0") => return Ok(()),
        Some(digits) => number(digits),
        None => return Err(Error::new(Code::Unknown, "the answer has no status").with_reason("no_grpc_status")),
    };
    let Some(code) = code else {
        return Err(Error::new(Code::Unknown, "the answer has a status that is none").with_reason("bad_grpc_status"));
    };
    let details = details(trailers).filter(|details| details.code == i32::from(code.number()));
    let line =
        trailers.get(MESSAGE).map(|line| shown(&percent::decoded(line.as_bytes()))).filter(|line| !line.is_empty());
    let mut error = match line {
        Some(line) => Error::new(code, line),
        None => Error::from_code(code),
    };
    let (reason, id) = details.as_ref().map(Status::info).unwrap_or_default();
    // Of a stranger's status only what is about load is a pause before another try.
    let believed = id.is_some() || matches!(code, Code::Unavailable | Code::ResourceExhausted);
    if let Some(reason) = reason {
        error = error.with_reason(clean(reason));
    }
    if let Some(id) = id {
        error = error.with_id(id);
    }
    if let Some(failure) = details.as_ref().and_then(Status::failure) {
        error = error.with_details(failure);
    }
    let pause = || details.as_ref().and_then(Status::pause).map(Retry::After);
    match pushback(trailers).or_else(pause) {
        Some(hint) if hint == Retry::Never || believed => Err(error.with_retry(hint)),
        _ => Err(error),
    }
}

/// What a peer says, fit to be shown and logged: as much of it as we would send, and no control characters but tabs and line breaks, which
/// a status may have (`special_status_message` among gRPC's interop tests) and which logs escape.
fn shown(line: &str) -> String {
    let line = &line[..line.floor_char_boundary(LINE.min(line.len()))];
    line.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }).collect()
}

/// A number that is no code is a failure that nobody knows.
fn number(digits: &[u8]) -> Option<Code> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Code::from_number(text.parse().ok()?)
}

fn details(trailers: &HeaderMap) -> Option<Status> {
    let one = HeaderMap::from_iter([(DETAILS, trailers.get(DETAILS)?.clone())]);
    let bytes = Metadata::received(one).get_bin(DETAILS.as_str())?;
    Status::decode(&*bytes).ok()
}

/// Rounded up: a caller that comes early is refused again.
fn milliseconds(pause: Duration) -> u64 {
    u64::try_from(pause.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
