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

/// May stand inside a cache.
#[diagnostic::on_unimplemented(
    message = "a cache cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because it would keep the makeshift answer",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideCache {}

/// May stand inside single flight.
#[diagnostic::on_unimplemented(
    message = "single flight cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because many would share one makeshift answer; calls that memory answers need no flight",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideSingleFlight {}

/// May stand inside a retry.
#[diagnostic::on_unimplemented(
    message = "a retry cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because a fallback leaves it nothing to repeat; memory and flights would be asked again by each attempt; two retries multiply",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideRetry {}

/// May stand inside a hedge.
#[diagnostic::on_unimplemented(
    message = "a hedge cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because a makeshift answer would win; both attempts would ask one memory and join one flight; each would retry, or be hedged, on its own",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideHedge {}

/// May stand inside a balancer.
#[diagnostic::on_unimplemented(
    message = "a balancer cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because what it does would stay on one instance",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideBalance {}

/// May stand inside a breaker.
#[diagnostic::on_unimplemented(
    message = "a breaker cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because it would learn of the whole call, not of the attempt; a refusal of ours is nobody's failure",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideBreaker {}

/// May stand inside a bulkhead.
#[diagnostic::on_unimplemented(
    message = "a bulkhead cannot stand outside `{Self}` in a kit stack",
    label = "outside `{Self}`, which is there already",
    note = "because a permit would be held through pauses, and waited for only to be refused",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead"
)]
pub trait InsideBulkhead {}

impl<Place> Inside<Any> for Place {}
impl<Place> Inside<Fallback> for Place {}
impl<Place> Inside<Limit> for Place {}
impl<Place> Inside<Shed> for Place {}

macro_rules! inside {
    ($($outer:ident by $rule:ident: $($inner:ident)*;)*) => {
        $(
            impl<Place: $rule> Inside<$outer> for Place {}
            $(impl $rule for $inner {})*
        )*
    };
}

inside! {
    Cache by InsideCache: Any Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    SingleFlight by InsideSingleFlight: Any SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Retry by InsideRetry: Any Hedge Balance Limit Shed Breaker Bulkhead;
    Hedge by InsideHedge: Any Balance Limit Shed Breaker Bulkhead;
    Balance by InsideBalance: Any Limit Shed Breaker Bulkhead;
    Breaker by InsideBreaker: Any Breaker Bulkhead;
    Bulkhead by InsideBulkhead: Any Bulkhead;
}
