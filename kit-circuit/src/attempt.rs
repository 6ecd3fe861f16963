//! How an attempt after the first names itself.

use kit_core::{Attempts, Code, Context, Error, Outcome, Retry};

/// Says that so many attempts came before this one, to the layers inside and to the callee.
pub(crate) fn mark(attempt: &mut Context, before: u32) {
    attempt.attempts_mut().set_number(before);
    // Metadata that is full goes without: then the next service repeats too, within its budget.
    let _ = attempt.outbound_mut().insert(Attempts::PREVIOUS, &before.to_string());
}

/// An attempt that was marked speaks for the call from here on; that it was not the first was for the callee.
pub(crate) fn unmark(attempt: &mut Context) {
    attempt.outbound_mut().remove(Attempts::PREVIOUS);
}

/// The attempt of several side by side that speaks for the call.
pub(crate) fn merge(cx: &mut Context, mut attempt: Context) {
    if attempt.attempts().number() > 0 {
        unmark(&mut attempt);
    }
    cx.merge(attempt);
}

/// Whether a call may be made twice, and is not itself a repeat. A call that nobody has named may do anything.
pub(crate) fn is_repeatable(cx: &Context) -> bool {
    cx.method().is_some_and(|method| method.is_idempotent()) && !cx.is_repeat()
}

/// What stands among the errors of a call for an answer that its binding called a failure.
#[cold]
pub(crate) fn answered(outcome: Outcome) -> Error {
    Error::new(Code::Unknown, "the answer was a failure").with_outcome(outcome).with_retry(Retry::MayHaveRun)
}
