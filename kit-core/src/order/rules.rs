//! One trait for each place that is not free, so that the compiler, which knows of a refusal only the trait, can say the rule.

use super::place::{Any, Balance, Breaker, Bulkhead, Cache, Fallback, Hedge, Limit, Retry, Shed, SingleFlight};

/// A layer of this place may stand inside one of the place `Outer`. The table is that of the [module](super).
#[diagnostic::on_unimplemented(message = "`{Outer}` is no place that a layer in a kit stack has")]
pub trait Inside<Outer> {}

/// [`Inside`] for every place in a list of nested pairs.
#[diagnostic::on_unimplemented(message = "`{Outer}` cannot stand outside all of `{Self}` in a kit stack")]
pub trait AllInside<Outer> {}

impl<Outer> AllInside<Outer> for () {}

impl<Head: Inside<Outer>, Rest: AllInside<Outer>, Outer> AllInside<Outer> for (Head, Rest) {}

impl<Place> Inside<Any> for Place {}
impl<Place> Inside<Fallback> for Place {}
impl<Place> Inside<Limit> for Place {}
impl<Place> Inside<Shed> for Place {}

/// A trait for each place: what the compiler says of those that may not stand inside it, why, and those that may.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident for $outer:ident: $message:literal, $because:literal, $($inner:ident)*;)*) => {
        $(
            $(#[$doc])*
            #[diagnostic::on_unimplemented(
                message = $message,
                label = "outside `{Self}`, which is there already",
                note = $because,
                note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
            )]
            pub trait $rule {}

            impl<Place: $rule> Inside<$outer> for Place {}
            $(impl $rule for $inner {})*
        )*
    };
}

rules! {
    /// May stand inside a cache.
    InsideCache for Cache:
        "a cache cannot stand outside `{Self}` in a kit stack",
        "because it would keep the makeshift answer",
        Any Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;

    /// May stand inside single flight.
    InsideSingleFlight for SingleFlight:
        "single flight cannot stand outside `{Self}` in a kit stack",
        "because many would share one makeshift answer; calls that memory answers need no flight",
        Any SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;

    /// May stand inside a retry.
    InsideRetry for Retry:
        "a retry cannot stand outside `{Self}` in a kit stack",
        "because a fallback leaves it nothing to repeat; memory and flights would be asked again by each attempt; two retries multiply",
        Any Hedge Balance Limit Shed Breaker Bulkhead;

    /// May stand inside a hedge.
    InsideHedge for Hedge:
        "a hedge cannot stand outside `{Self}` in a kit stack",
        "because a makeshift answer would win; both attempts would ask one memory and join one flight; each would retry, or be hedged, on its own",
        Any Balance Limit Shed Breaker Bulkhead;

    /// May stand inside a balancer.
    InsideBalance for Balance:
        "a balancer cannot stand outside `{Self}` in a kit stack",
        "because what it does would stay on one instance",
        Any Limit Shed Breaker Bulkhead;

    /// May stand inside a breaker.
    InsideBreaker for Breaker:
        "a breaker cannot stand outside `{Self}` in a kit stack",
        "because it would learn of the whole call, not of the attempt; a refusal of ours is nobody's failure",
        Any Breaker Bulkhead;

    /// May stand inside a bulkhead.
    InsideBulkhead for Bulkhead:
        "a bulkhead cannot stand outside `{Self}` in a kit stack",
        "because a permit would be held through pauses, and waited for only to be refused",
        Any Bulkhead;
}
