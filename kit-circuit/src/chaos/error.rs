/// A call failed on purpose: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault was injected")]
#[non_exhaustive]
pub struct Injected;
