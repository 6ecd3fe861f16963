mod details;
mod layer;
mod payload;
mod stream;

use kit_macros::Failure;

use super::Details;
use crate::error::Error;

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "crate")]
enum StoreError {
    #[failure(code = "NotFound", message = "no row {id}")]
    NoRow { id: u32 },
    #[failure(code = "Aborted", retry = "2s", message = "{0} holds {1} rows")]
    Locked(String, u64),
    #[failure(code = "FailedPrecondition", message = "read only")]
    ReadOnly,
}

/// The error as the caller of a wire has it: code, line, reason, and what was sent beside them.
fn crossed(error: &Error) -> Error {
    let mut crossed = Error::new(error.code(), error.message().to_owned());
    if let Some(reason) = error.reason() {
        crossed = crossed.with_reason(reason.to_owned());
    }
    match Details::of(error) {
        Some(details) => crossed.with_details(details),
        None => crossed,
    }
}
