use std::borrow::Cow;
use std::fmt;

use kit_core::{Code, Error};

/// Longest piece of what was given that a reason repeats, in characters.
const SHOWN: usize = 80;

/// What was given names no instance, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(Cow<'static, str>);

impl Malformed {
    /// For this reason: lower case, safe to log, not longer than a line.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    /// A reason, and the beginning of what it speaks of, quoted and escaped.
    pub(crate) fn of(reason: &str, given: &str) -> Self {
        Self(format!("{reason} {}", Shown(given)).into())
    }
}

/// `InvalidArgument`, for programs whose start answers the one error.
impl From<Malformed> for Error {
    #[track_caller]
    fn from(malformed: Malformed) -> Self {
        let message = malformed.to_string();
        Error::boundary(Code::InvalidArgument, malformed).with_message(message)
    }
}

/// The beginning of a text that somebody else wrote, quoted and escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
        }
    }
}
