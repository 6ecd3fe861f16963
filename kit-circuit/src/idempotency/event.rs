use kit_core::Error;

use super::Refused;

/// What idempotency tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message got the answer of an earlier one.
    Replayed,
    /// A message was refused because of its key.
    Refused(Refused),
    /// A run failed after which nobody knows whether the call has run.
    Unknown(Error),
}
