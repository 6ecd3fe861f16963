//! Stacks whose order is checked when they are compiled.
//!
//! The wrong order of two layers is a bug that no test of either finds: a retry that holds a permit while it waits, a breaker that
//! learns of one failure where there were five. [`ordered`] takes layers as [`Endpoint::layer`](crate::Endpoint::layer) does, from the
//! inside out, and refuses to compile where one may not stand outside another that is there already; the message says the rule:
//!
//! ```
//! use kit_core::order::{Placed, ordered, place};
//! use kit_core::{Context, Endpoint as _, Error, Layer, request_fn};
//!
//! struct Again;
//!
//! impl<E> Layer<E> for Again {
//!     type Service = E;
//!
//!     fn layer(&self, inner: E) -> E {
//!         inner
//!     }
//! }
//!
//! impl Placed for Again {
//!     type Place = place::Retry;
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let row = request_fn(async |id: u32| Ok(format!("row {id}")));
//! let row = ordered(row).foreign(tower_layer::Identity::new()).layer(Again).endpoint();
//! assert_eq!(row.call(&mut Context::new(), 7).await?, "row 7");
//! # Ok(()) }
//! ```
//!
//! # The rules
//!
//! | layer | may not stand outside | because |
//! |---|---|---|
//! | cache | fallback | it would keep the makeshift answer |
//! | single flight | fallback, cache | many would share one makeshift answer; calls that memory answers need no flight |
//! | retry | fallback, cache, single flight, itself | a fallback leaves it nothing to repeat; memory and flights would be asked again by each attempt; two retries multiply |
//! | hedge | fallback, cache, single flight, retry, itself | a makeshift answer would win; both attempts would ask one memory and join one flight; each would retry, or be hedged, on its own |
//! | balance | fallback, cache, single flight, retry, hedge, itself | what it does would stay on one instance |
//! | breaker | fallback, cache, single flight, retry, hedge, balance, limit, shed | it would learn of the whole call, not of the attempt; a refusal of ours is nobody's failure |
//! | bulkhead | all that a breaker may not, and a breaker | a permit would be held through pauses, and waited for only to be refused |
//!
//! Everything else stands anywhere: a timeout outside a retry bounds the call, inside it an attempt; a limit outside a retry counts
//! calls, inside it attempts. For the order to take where nothing speaks against it: fallback · cache · single flight · retry · hedge ·
//! balance · timeout · limit · shed · breaker · bulkhead.
//!
//! # Source
//! The order of a client's stack in DESIGN.md; Go kit's example client had its limiter inside the breaker.

pub mod place;
mod rules;
mod stack;
#[cfg(test)]
mod tests;

pub use rules::{
    AllInside, Inside, InsideBalance, InsideBreaker, InsideBulkhead, InsideCache, InsideHedge, InsideRetry,
    InsideSingleFlight,
};
pub use stack::{Ordered, ordered};

/// A layer that has its place in a stack.
pub trait Placed {
    /// What kind of layer it is: one of [`place`].
    type Place;
}

impl Placed for crate::recover::RecoverLayer {
    type Place = place::Any;
}

impl Placed for crate::request_id::RequestIdLayer {
    type Place = place::Any;
}

impl Placed for crate::ChildLayer {
    type Place = place::Any;
}
