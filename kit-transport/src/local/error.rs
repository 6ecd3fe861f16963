use kit_core::failure::Details;
use kit_core::{Code, Error, Outcome, Retry};

use crate::codec::clean;

/// An error as its caller would read it from a wire.
pub(super) fn crossed(error: &Error) -> Error {
    let code = error.code();
    let mut crossed = Error::new(code, clean(error.message().to_owned())).with_id(error.id());
    if let Some(reason) = error.reason() {
        crossed = crossed.with_reason(clean(reason.to_owned()));
    }
    if let Some(details) = Details::of(error) {
        crossed = crossed.with_details(details);
    }
    match error.retry() {
        hint @ (Retry::After(_) | Retry::Never) if hint != Retry::of_code(code) => crossed.with_retry(hint),
        // What the callee knows of its own callee, `Safe` above all, says nothing of the call to it.
        _ => crossed,
    }
}

/// The time was up before anything was called: nobody's failure, so it counts against no backend.
pub(super) fn expired() -> Error {
    Error::from_code(Code::DeadlineExceeded)
        .with_reason("deadline_before_call")
        .with_outcome(Outcome::Rejected)
        .with_retry(Retry::Safe)
}

/// The time was up before the answer was here.
pub(super) fn late() -> Error {
    Error::from_code(Code::DeadlineExceeded)
}
