use kit_core::Error;

/// What single flight tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A flight failed: all who waited for it got this error.
    Failed(Error),
    /// Everybody who waited for a flight left, and it was cancelled.
    Abandoned,
}
