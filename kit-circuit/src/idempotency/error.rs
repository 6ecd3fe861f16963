use kit_core::{Code, Error, Outcome, Retry};

/// A call was not taken because of its key: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It has no key, and must have one.
    #[error("the call has no idempotency key")]
    Missing,
    /// Its key came before, with another request.
    #[error("the idempotency key was used for another request")]
    Reused,
}

impl Refused {
    #[cold]
    pub(super) fn into_error(self) -> Error {
        let reason = match self {
            Refused::Missing => "idempotency_key_missing",
            Refused::Reused => "idempotency_key_reused",
        };
        let error = Error::boundary(Code::InvalidArgument, self).with_message(self.to_string()).with_reason(reason);
        // It is the caller's mistake, whoever found it.
        error.with_outcome(Outcome::BusinessError).with_retry(Retry::Never)
    }
}
