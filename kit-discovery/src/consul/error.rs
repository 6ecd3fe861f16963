use http::StatusCode;
use kit_core::{BoxError, Code, Error};

use crate::malformed::Shown;

/// What an answer that is no success means.
#[track_caller]
pub(super) fn refused(status: StatusCode, body: &[u8]) -> Error {
    let code = match status.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        429 => Code::ResourceExhausted,
        500..=599 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let said = String::from_utf8_lossy(&body[..body.len().min(512)]);
    let error = Error::new(code, format!("consul answered {}", status.as_u16())).with_reason("consul_status");
    // The agent's own words may name what strangers need not know.
    error.with_field("said", Shown(said.trim()))
}

/// It could not be asked, or its answer broke off.
#[track_caller]
pub(super) fn broken(what: &'static str, cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::Unavailable, cause).with_message(what)
}
