//! A hook for those who know better how a call ended.

use crate::context::Context;
use crate::error::Error;
use crate::outcome::Outcome;

/// Says how a call ended. Layers that count take one; all default to [`ByOutcome`].
///
/// A closure is one: `|_cx: &Context, result: &Result<Reply, Error>| ..`.
pub trait Classify<Res>: Send + Sync {
    /// The outcome of a call that ended with `result`.
    fn classify(&self, cx: &Context, result: &Result<Res, Error>) -> Outcome;
}

/// What the context says, else what the error says: [`Context::outcome_of`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ByOutcome;

impl<Res> Classify<Res> for ByOutcome {
    fn classify(&self, cx: &Context, result: &Result<Res, Error>) -> Outcome {
        cx.outcome_of(result)
    }
}

impl<Res, F> Classify<Res> for F
where
    F: Fn(&Context, &Result<Res, Error>) -> Outcome + Send + Sync,
{
    fn classify(&self, cx: &Context, result: &Result<Res, Error>) -> Outcome {
        self(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_the_context_speaks_for_an_answer_but_not_for_an_error() {
        let mut cx = Context::new();
        assert_eq!(ByOutcome.classify(&cx, &Ok(1)), Outcome::Success);
        cx.set_outcome(Outcome::BackendError);
        assert_eq!(ByOutcome.classify(&cx, &Ok(1)), Outcome::BackendError);
        assert_eq!(ByOutcome.classify(&cx, &Err::<u8, _>(Error::not_found("x"))), Outcome::BusinessError);
    }

    #[test]
    fn a_closure_may_know_better() {
        let stale = |_: &Context, result: &Result<u8, Error>| match result {
            Ok(0) => Outcome::BackendError,
            other => Outcome::of(other),
        };
        assert_eq!(stale.classify(&Context::new(), &Ok(0)), Outcome::BackendError);
        assert_eq!(stale.classify(&Context::new(), &Ok(1)), Outcome::Success);
    }
}
