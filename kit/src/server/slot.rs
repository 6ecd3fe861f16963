//! The names of a server stack's slots, outermost first.
//!
//! Each is a value that [`Stack::replace`](super::Stack::replace) and [`Stack::remove`](super::Stack::remove) take.

use super::slots::Slots;
use super::stack::Replace;

/// How many slots there are.
pub(super) const COUNT: usize = 12;

/// Their names, outermost first.
pub(super) const NAMES: [&str; COUNT] = [
    "net",
    "request_id",
    "trace",
    "metrics",
    "log",
    "deadline",
    "classify",
    "shed",
    "limit",
    "auth",
    "cache",
    "recover",
];

/// A slot: its name, and the stack with another layer in it.
macro_rules! slot {
    ($(#[$doc:meta])* $slot:ident, $index:literal, $field:ident, [$($before:ident $b:ident,)*], [$($after:ident $a:ident,)*]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $slot;

        impl<$($b,)* Old, $($a,)* New> Replace<Slots<$($b,)* Old, $($a,)*>, New> for $slot {
            const INDEX: usize = $index;

            type Slots = Slots<$($b,)* New, $($a,)*>;

            fn replace(self, slots: Slots<$($b,)* Old, $($a,)*>, layer: New) -> Self::Slots {
                Slots { $($before: slots.$before,)* $field: layer, $($after: slots.$after,)* }
            }
        }
    };
}

slot! {
    /// Catches panics of the layers themselves, and logs them: nobody outside would.
    Net, 0, net, [], [request_id B, trace C, metrics D, log E, deadline F, classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Gives the call its name.
    RequestId, 1, request_id, [net A,], [trace C, metrics D, log E, deadline F, classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Spans.
    Trace, 2, trace, [net A, request_id B,], [metrics D, log E, deadline F, classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Counts, times, and shows what is in flight.
    Metrics, 3, metrics, [net A, request_id B, trace C,], [log E, deadline F, classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// One line per call.
    Log, 4, log, [net A, request_id B, trace C, metrics D,], [deadline F, classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Ends the call when its time is up.
    Deadline, 5, deadline, [net A, request_id B, trace C, metrics D, log E,], [classify G, shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Says what kind of call it is, for those who shed and limit.
    Classify, 6, classify, [net A, request_id B, trace C, metrics D, log E, deadline F,], [shed H, limit I, auth J, cache K, recover L,]
}

slot! {
    /// Refuses calls by the state of a resource.
    Shed, 7, shed, [net A, request_id B, trace C, metrics D, log E, deadline F, classify G,], [limit I, auth J, cache K, recover L,]
}

slot! {
    /// Refuses or delays calls by rate. Outside any breaker: a refusal here is nobody's failure.
    Limit, 8, limit, [net A, request_id B, trace C, metrics D, log E, deadline F, classify G, shed H,], [auth J, cache K, recover L,]
}

slot! {
    /// Knows the caller, and says whether it may.
    Auth, 9, auth, [net A, request_id B, trace C, metrics D, log E, deadline F, classify G, shed H, limit I,], [cache K, recover L,]
}

slot! {
    /// Answers from memory, or from a call that is under way.
    Cache, 10, cache, [net A, request_id B, trace C, metrics D, log E, deadline F, classify G, shed H, limit I, auth J,], [recover L,]
}

slot! {
    /// Catches panics of the handler, so that they have their line, their count and their answer.
    Recover, 11, recover, [net A, request_id B, trace C, metrics D, log E, deadline F, classify G, shed H, limit I, auth J, cache K,], []
}
