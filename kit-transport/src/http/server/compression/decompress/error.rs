use std::fmt;

use kit_core::{BoxError, Code, Error, Outcome, Retry};

use crate::http::problem::Rejection;

/// A body grew too much when its coding was undone: 413.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooCompressed {
    pub(super) max_ratio: u32,
}

impl TooCompressed {
    /// What was allowed: how many times as large as what came.
    pub fn max_ratio(&self) -> u32 {
        self.max_ratio
    }
}

impl fmt::Display for TooCompressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a body that grows to more than {} times its size", self.max_ratio)
    }
}

/// By hand: its source sets the status.
impl std::error::Error for TooCompressed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        static STATUS: Rejection = Rejection::ContentTooLarge;
        Some(&STATUS)
    }
}

pub(super) fn too_compressed(max_ratio: u32) -> Error {
    Error::boundary(Code::ResourceExhausted, TooCompressed { max_ratio })
        .with_message("the body of the request is compressed too much")
        .with_reason("body_too_compressed")
        .with_outcome(Outcome::BusinessError)
        .with_retry(Retry::Never)
}

pub(super) fn malformed(cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::InvalidArgument, cause)
        .with_message("the body is not in the coding that it says")
        .with_reason("body_malformed")
}
