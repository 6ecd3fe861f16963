use std::time::Duration;

use super::Code;

/// Whether a failed call may be made again. It says what is known of the call, not whether there is a budget for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same call would fail the same way, or has been repeated as often as it may: whoever calls is not to repeat it too.
    Never,
    /// The call provably did not run: any call may be made again.
    Safe,
    /// The callee asked for this pause, and did not run the call.
    After(Duration),
    /// The call may have run: only an idempotent one may be made again.
    MayHaveRun,
}

impl Retry {
    /// The hint of an error that gives none.
    pub const fn of_code(code: Code) -> Retry {
        match code {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Unknown
            | Code::Internal
            | Code::Aborted
            | Code::ResourceExhausted => Retry::MayHaveRun,
            _ => Retry::Never,
        }
    }

    /// Whether a call may be made again, given whether running it twice does no harm.
    pub const fn permits(self, idempotent: bool) -> bool {
        match self {
            Retry::Never => false,
            Retry::Safe | Retry::After(_) => true,
            Retry::MayHaveRun => idempotent,
        }
    }

    /// The pause that the callee asked for.
    pub const fn after(self) -> Option<Duration> {
        match self {
            Retry::After(pause) => Some(pause),
            _ => None,
        }
    }
}
