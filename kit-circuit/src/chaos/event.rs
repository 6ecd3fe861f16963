use std::time::Duration;

use kit_core::Code;

/// What chaos tells its observer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call is about to meet this fault.
    Injected(Fault),
}

/// What a call is made to suffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It waits.
    Latency(Duration),
    /// It fails.
    Error(Code),
    /// It never ends.
    Hang,
    /// It panics.
    Panic,
}
