use std::fmt;
use std::sync::Arc;

use kit_core::{ByOutcome, Classify, Context, Endpoint, Error, Outcome};

use super::layer::Shared;
use super::{Event, LABEL};
use crate::counts::Admitted;
use crate::tell::Tell;

/// Answers from another endpoint where its own failed.
///
/// The request is cloned for each call: one that is dear to clone goes in an `Arc`.
///
/// # Errors
/// Those of the inner endpoint whose outcome is not covered, or where the fallback failed too; the latter carry the field
/// `fallback` with the line of the second error.
///
/// # Cancel safety
/// Dropping the call drops whichever of the two is running.
pub struct Fallback<E, F, C = ByOutcome> {
    inner: E,
    fallback: Arc<F>,
    shared: Arc<Shared>,
    classify: C,
    tell: Tell<Event>,
}

impl<E, F, C> Fallback<E, F, C> {
    pub(super) fn new(inner: E, fallback: Arc<F>, shared: Arc<Shared>, classify: C, tell: Tell<Event>) -> Self {
        Self { inner, fallback, shared, classify, tell }
    }

    /// Asks the fallback, in a fork: what it leaves behind counts only if it answers.
    #[cold]
    async fn fall_back<Req, R>(
        &self,
        cx: &mut Context,
        request: Req,
        outcome: Outcome,
        failed: Result<R, Error>,
    ) -> Result<R, Error>
    where
        F: Endpoint<Failure<Req>, Response = R>,
        C: Classify<R>,
        Req: Send,
        R: Send,
    {
        let mut fork = cx.fork();
        let call = self.shared.fallbacks.admit();
        let failure = Failure { request, outcome, error: failed.as_ref().err().cloned() };
        let answer = self.fallback.call(&mut fork, failure).await;
        let ended = self.classify.classify(&fork, &answer);
        close(call, &fork, &answer, ended);
        match answer {
            Ok(answer) if ended == Outcome::Success => {
                let error = failed.err();
                fork.extensions_mut().insert(FellBack { outcome, error: error.clone() });
                fork.set_fallback(outcome);
                cx.merge(fork);
                self.tell.tell(|| Event::Answered { outcome, error });
                Ok(answer)
            }
            other => {
                cx.catch_up(&fork);
                let error = other.err();
                self.tell.tell(|| Event::Failed { outcome, error: error.clone() });
                let line = error.map_or_else(|| ended.to_string(), |error| error.to_string());
                failed.map_err(|first| first.with_field(LABEL, line))
            }
        }
    }
}

impl<E, F, C, Req> Endpoint<Req> for Fallback<E, F, C>
where
    E: Endpoint<Req>,
    F: Endpoint<Failure<Req>, Response = E::Response>,
    C: Classify<E::Response>,
    Req: Clone + Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let again = request.clone();
        let call = self.shared.calls.admit();
        let result = self.inner.call(cx, request).await;
        let outcome = self.classify.classify(cx, &result);
        close(call, cx, &result, outcome);
        if outcome != Outcome::Success && self.shared.config.load().covers(outcome) {
            return self.fall_back(cx, again, outcome, result).await;
        }
        result
    }
}

/// Counts a call by the outcome it was given; a stream, by how it ends.
fn close<R>(call: Admitted<'_>, cx: &Context, result: &Result<R, Error>, outcome: Outcome) {
    match cx.stream() {
        Some(_) => call.close(cx, result, ()),
        None => call.end(outcome),
    }
}

impl<E: fmt::Debug, F, C> fmt::Debug for Fallback<E, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// What a fallback is asked: the request, and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure<Req> {
    /// The request.
    pub request: Req,
    /// How the call ended.
    pub outcome: Outcome,
    /// With which error; `None` where an answer had a bad outcome.
    pub error: Option<Error>,
}

/// The mark of an answer that a fallback gave, in the context's [`extensions`](Context::extensions), with the error it stands in the
/// place of. What logs and counts goes by [`Context::fallback`].
#[derive(Clone, Debug)]
pub struct FellBack {
    outcome: Outcome,
    error: Option<Error>,
}

impl FellBack {
    /// How the call itself had ended.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// With which error, if it was one.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}
