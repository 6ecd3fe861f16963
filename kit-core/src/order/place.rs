//! What kinds of layers there are, as far as their order matters.

macro_rules! places {
    ($($(#[$doc:meta])* $place:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $place {}
        )*
    };
}

places! {
    /// Stands anywhere: what counts, logs, traces, or bounds the time.
    Any,
    /// Answers in the place of a call that failed.
    Fallback,
    /// Answers from memory.
    Cache,
    /// Answers many equal calls by one.
    SingleFlight,
    /// Makes a call again.
    Retry,
    /// Makes a call a second time before the first has ended.
    Hedge,
    /// Chooses an instance.
    Balance,
    /// Refuses or delays by rate.
    Limit,
    /// Refuses by the state of a resource.
    Shed,
    /// Refuses while the callee fails.
    Breaker,
    /// Bounds how many calls run at once.
    Bulkhead,
}
