use kit_core::{Error, Outcome};

/// What a fallback is called in the fields of a log line, and is to be called in the events of a span.
pub const LABEL: &str = "fallback";

/// What a fallback tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A call was answered by the fallback.
    Answered {
        /// How the call itself had ended.
        outcome: Outcome,
        /// With which error, if it was one.
        error: Option<Error>,
    },
    /// The fallback failed too, and its caller got the first failure.
    Failed {
        /// How the call itself had ended.
        outcome: Outcome,
        /// What the fallback answered, if that was an error.
        error: Option<Error>,
    },
}
