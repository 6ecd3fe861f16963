use std::fmt;

/// Why a breaker opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Failures came one after another.
    Consecutive {
        /// So many.
        failures: u32,
    },
    /// Too large a share of the calls failed.
    Failures {
        /// Those that failed.
        failed: u64,
        /// Those that were looked at.
        calls: u64,
    },
    /// Too large a share of the calls was slow.
    Slow {
        /// Those that were slow.
        slow: u64,
        /// Those that were looked at.
        calls: u64,
    },
    /// A probe failed.
    Probe,
    /// A probe was slow.
    SlowProbe,
    /// The probes did not answer within the longest stay.
    Undecided,
    /// A person said so.
    Forced,
    /// A strategy of the user's own, in its words.
    Other(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Consecutive { failures } => write!(f, "{failures} failures in a row"),
            Reason::Failures { failed, calls } => write!(f, "{failed} of {calls} calls failed"),
            Reason::Slow { slow, calls } => write!(f, "{slow} of {calls} calls were slow"),
            Reason::Probe => f.write_str("a probe failed"),
            Reason::SlowProbe => f.write_str("a probe was slow"),
            Reason::Undecided => f.write_str("the probes did not answer"),
            Reason::Forced => f.write_str("forced"),
            Reason::Other(words) => f.write_str(words),
        }
    }
}
