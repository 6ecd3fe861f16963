//! How a call ended, in one word that every layer reads.

use std::fmt;

use crate::error::{Code, Error};

/// How a call ended. Breaker, retry, balancer, metrics, traces and logs all read this one word, so that they agree.
///
/// A binding may say it outright ([`Context::set_outcome`](crate::Context::set_outcome)): a response of status 500 is a
/// success in types and a backend error in truth. Otherwise it is derived from the [`Error`], in [`Error::outcome`].
///
/// # Source
/// The classes of `source-systems.md` X-03.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The call did what it was for.
    Success,
    /// The service worked and said no: the caller's mistake, or a rule of the business. Nobody's health suffers.
    BusinessError,
    /// The service failed.
    BackendError,
    /// Refused here, before the backend was asked: by a limit, a breaker, a shedder. It counts against no backend.
    Rejected,
    /// The caller went away, or another attempt won. It counts against no backend.
    Cancelled,
    /// The deadline passed.
    TimedOut,
}

impl Outcome {
    /// Every outcome, for tables and dense arrays: `ALL[o as usize] == o`.
    pub const ALL: [Outcome; 6] = [
        Outcome::Success,
        Outcome::BusinessError,
        Outcome::BackendError,
        Outcome::Rejected,
        Outcome::Cancelled,
        Outcome::TimedOut,
    ];

    /// The name in logs and labels: `business_error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::BusinessError => "business_error",
            Outcome::BackendError => "backend_error",
            Outcome::Rejected => "rejected",
            Outcome::Cancelled => "cancelled",
            Outcome::TimedOut => "timed_out",
        }
    }

    /// Whether the outcome speaks against whoever was called: a backend error, or a deadline passed.
    pub const fn is_failure(self) -> bool {
        matches!(self, Outcome::BackendError | Outcome::TimedOut)
    }

    /// The outcome of an error of this code that says nothing else of itself.
    pub const fn of_code(code: Code) -> Outcome {
        match code {
            Code::Cancelled => Outcome::Cancelled,
            Code::DeadlineExceeded => Outcome::TimedOut,
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unauthenticated => Outcome::BusinessError,
            // A quota used up at the callee is the callee's trouble; one used up here is marked `Rejected` by its layer.
            Code::ResourceExhausted
            | Code::Unknown
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Outcome::BackendError,
        }
    }

    /// The outcome of a result that nobody has classified.
    pub fn of<T>(result: &Result<T, Error>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => error.outcome(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_indexes_its_own_place() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::ALL[outcome as usize], outcome);
        }
    }

    #[test]
    fn only_failures_of_the_callee_are_failures() {
        let failures: Vec<_> = Code::ALL.into_iter().filter(|&c| Outcome::of_code(c).is_failure()).collect();
        assert_eq!(
            failures,
            [
                Code::Unknown,
                Code::DeadlineExceeded,
                Code::ResourceExhausted,
                Code::Unimplemented,
                Code::Internal,
                Code::Unavailable,
                Code::DataLoss
            ]
        );
    }
}
