use std::error::Error as StdError;
use std::fmt;

use kit_core::Error;

/// A call was repeated, or would have been, and failed in the end: a cause of the error its caller gets.
///
/// That error is the last attempt's, with its code, line, reason and id; here are all of them.
#[derive(Clone, Debug)]
pub struct GaveUp {
    why: Why,
    attempts: Vec<Error>,
}

/// Why there was no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// All attempts were made.
    Attempts,
    /// The budget was spent.
    Budget,
    /// The next one would have begun after the deadline.
    Deadline,
    /// The callee asked for a longer pause than is allowed here.
    Pause,
    /// What failed may not be repeated.
    Unrepeatable,
    /// [`decide`](super::RetryLayer::decide) said so.
    Decided,
}

impl Why {
    /// All, for tables: `ALL[why as usize] == why`.
    pub const ALL: [Why; 6] = [Why::Attempts, Why::Budget, Why::Deadline, Why::Pause, Why::Unrepeatable, Why::Decided];

    /// The name in logs and labels: `deadline`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Why::Attempts => "attempts",
            Why::Budget => "budget",
            Why::Deadline => "deadline",
            Why::Pause => "pause",
            Why::Unrepeatable => "unrepeatable",
            Why::Decided => "decided",
        }
    }
}

impl GaveUp {
    pub(super) fn new(why: Why, attempts: Vec<Error>) -> Self {
        Self { why, attempts }
    }

    /// Why there was no further attempt.
    pub fn why(&self) -> Why {
        self.why
    }

    /// The error of every attempt, in order. An answer that its binding called a failure is there as an error of code `Unknown`.
    pub fn attempts(&self) -> &[Error] {
        &self.attempts
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.attempts.len();
        write!(f, "gave up after {count} attempt{}, ", if count == 1 { "" } else { "s" })?;
        f.write_str(match self.why {
            Why::Attempts => "which is all there are",
            Why::Budget => "the budget is spent",
            Why::Deadline => "there is no time for another",
            Why::Pause => "the callee asked for too long a pause",
            Why::Unrepeatable => "the last failure may not be repeated",
            Why::Decided => "as was decided",
        })?;
        let [previous @ .., _] = &self.attempts[..] else { return Ok(()) };
        for (n, error) in previous.iter().enumerate() {
            write!(f, "{}{error}", if n == 0 { "; previously: " } else { "; " })?;
        }
        Ok(())
    }
}

impl StdError for GaveUp {
    /// What caused the last attempt's error, which itself is the one above.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.attempts.last().and_then(StdError::source)
    }
}
