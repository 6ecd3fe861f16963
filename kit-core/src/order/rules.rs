use super::place::{Any, Balance, Breaker, Bulkhead, Cache, Fallback, Hedge, Limit, Retry, Shed, SingleFlight};

/// A layer of this place may stand outside one of the place `Inner`. The table is that of the [module](super).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand outside `{Inner}` in a kit stack",
    label = "`{Inner}` is inside already, and `{Self}` may not be outside it",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead",
    note = "the reason of each rule stands in the table of `kit_core::order`"
)]
pub trait Outside<Inner> {}

/// [`Outside`] of every place in a list of nested pairs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand outside all of `{Inside}` in a kit stack",
    note = "outermost first: fallback, cache, single flight, retry, hedge, balance, timeout, limit, shed, breaker, bulkhead",
    note = "the reason of each rule stands in the table of `kit_core::order`"
)]
pub trait OutsideAll<Inside> {}

impl<P> OutsideAll<()> for P {}

impl<P: Outside<Head> + OutsideAll<Rest>, Head, Rest> OutsideAll<(Head, Rest)> for P {}

macro_rules! outside {
    ($($place:ident: $($inner:ident)*;)*) => {
        $($(impl Outside<$inner> for $place {})*)*
    };
}

outside! {
    Any: Any Fallback Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Fallback: Any Fallback Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Cache: Any Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    SingleFlight: Any SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Retry: Any Hedge Balance Limit Shed Breaker Bulkhead;
    Hedge: Any Balance Limit Shed Breaker Bulkhead;
    Balance: Any Limit Shed Breaker Bulkhead;
    Limit: Any Fallback Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Shed: Any Fallback Cache SingleFlight Retry Hedge Balance Limit Shed Breaker Bulkhead;
    Breaker: Any Breaker Bulkhead;
    Bulkhead: Any Bulkhead;
}
