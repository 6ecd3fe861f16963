use std::time::Duration;

use http::StatusCode;
use kit_core::{Context, Error, Outcome};

/// How an exchange ended, once nothing of it is left to do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Finished<'a> {
    /// The call's context, with what every layer left there.
    pub context: &'a Context,
    /// How it ended, a streamed body included.
    pub outcome: Outcome,
    /// The status that was sent; `None` if the client went away before there was one.
    pub status: Option<StatusCode>,
    /// The bytes of the response's body that were handed to the connection.
    pub bytes: u64,
    /// From the arrival of the request's head to this end.
    pub duration: Duration,
    /// What it failed with.
    pub error: Option<&'a Error>,
}

/// Hears of every end: answers, errors, panics, streams that were dropped, clients that went away. Once each.
///
/// It runs from a drop: it can neither wait nor fail. A closure is one.
pub trait Finalize: Send + Sync + 'static {
    /// Hears of one.
    fn finalize(&self, finished: &Finished<'_>);
}

impl<F> Finalize for F
where
    F: Fn(&Finished<'_>) + Send + Sync + 'static,
{
    fn finalize(&self, finished: &Finished<'_>) {
        self(finished);
    }
}
