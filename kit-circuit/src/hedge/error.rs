use std::error::Error as StdError;
use std::fmt;

use kit_core::Error;

/// Attempts ran side by side and none was answered: a cause of the error their caller gets, which is the last one's.
#[derive(Clone, Debug)]
pub struct AllFailed {
    attempts: Vec<Error>,
}

impl AllFailed {
    pub(crate) fn new(attempts: Vec<Error>) -> Self {
        Self { attempts }
    }

    /// Their errors, in the order in which they failed. An answer that its binding called a failure is there as an error of code
    /// `Unknown`.
    pub fn attempts(&self) -> &[Error] {
        &self.attempts
    }
}

impl fmt::Display for AllFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all {} attempts failed", self.attempts.len())?;
        let [before @ .., _] = &self.attempts[..] else { return Ok(()) };
        for (n, error) in before.iter().enumerate() {
            write!(f, "{}{error}", if n == 0 { "; before the last: " } else { "; " })?;
        }
        Ok(())
    }
}

impl StdError for AllFailed {
    /// What caused the last one's, which itself is the error above.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.attempts.last().and_then(StdError::source)
    }
}
