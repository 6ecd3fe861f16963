use super::Full;

/// What a bulkhead tells its observer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call was refused.
    Refused(Full),
}
