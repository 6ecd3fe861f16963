use std::sync::Arc;

use tokio::time::Instant;

use super::{Open, Reason, State};

/// What a breaker tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It stands otherwise than before. Changes that follow at once may be told by two threads, the later one first.
    #[non_exhaustive]
    Changed {
        /// The breaker's name, if it has one.
        name: Option<Arc<str>>,
        /// How it stood.
        from: State,
        /// How it stands.
        to: State,
        /// Why it last opened.
        reason: Option<Reason>,
        /// When the open time, or the longest stay half-open, is over.
        until: Option<Instant>,
    },
    /// It turned a call away.
    #[non_exhaustive]
    Refused {
        /// The breaker's name, if it has one.
        name: Option<Arc<str>>,
        /// What the caller was told.
        open: Open,
    },
}
