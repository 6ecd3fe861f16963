use super::Elapsed;

/// What a timeout or a deadline tells its observer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call was given up on.
    Elapsed(Elapsed),
    /// A call came after its deadline, and was not begun.
    TooLate,
}
