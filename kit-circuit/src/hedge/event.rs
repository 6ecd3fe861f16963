use std::time::Duration;

use kit_core::Method;

/// What an observer of hedges hears of. Of a call that is answered in time, nothing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Another attempt was sent.
    Sent {
        /// What is being called.
        method: Option<&'static Method>,
        /// The attempt's number, from 1.
        number: u32,
        /// How long the call had taken by then.
        after: Duration,
    },
    /// None was: the budget is spent.
    Spent {
        /// What is being called.
        method: Option<&'static Method>,
    },
    /// An attempt after the first was answered first.
    Won {
        /// What was called.
        method: Option<&'static Method>,
        /// The attempt's number, from 1.
        number: u32,
    },
}
