//! What the service refuses, and what a caller of any wire finds in the error that it gets.

use kit::{Code, Error};

/// A rule of the business that a request breaks. The texts are Go kit's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// A sum of two zeroes.
    #[error("can't sum two zeroes")]
    TwoZeroes,
    /// A sum that is no 32-bit number.
    #[error("integer overflow")]
    IntOverflow,
    /// A text that would be too long.
    #[error("result exceeds maximum size")]
    MaxSizeExceeded {
        /// How long it would be, in bytes.
        length: usize,
    },
}

impl AddError {
    /// What kind of failure it is. Go kit's HTTP answers all three with 400, and so do these.
    fn code(&self) -> Code {
        match self {
            Self::TwoZeroes | Self::MaxSizeExceeded { .. } => Code::InvalidArgument,
            Self::IntOverflow => Code::OutOfRange,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::TwoZeroes => "two_zeroes",
            Self::IntOverflow => "int_overflow",
            Self::MaxSizeExceeded { .. } => "max_size_exceeded",
        }
    }
}

impl From<AddError> for Error {
    fn from(error: AddError) -> Self {
        Error::new(error.code(), error.to_string()).with_reason(error.reason()).with_cause(error)
    }
}
