//! Calls again before a slow call has failed, and takes the answer that comes first.
//!
//! Most calls to a service are fast and a few are not: the instance pauses, a packet is lost, a queue is long. A second
//! attempt sent to another instance when the first has taken longer than nineteen in twenty do ([`Delay`]) cuts that tail for
//! a twentieth more load. It is no repair for a service that is slow altogether, and the [budget](Config::ratio) sees that it
//! does not become a burden to one.
//!
//! ```
//! use std::time::Duration;
//!
//! use kit_circuit::hedge::{Config, Delay, HedgeLayer};
//! use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_fn};
//!
//! static LOOKUP: Method = Method::new("profiles", "lookup").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Error> {
//! // The first instance hangs.
//! let wire = endpoint_fn(async |cx, id: u32| match cx.attempts().number() {
//!     0 => std::future::pending().await,
//!     _ => Ok(format!("profile {id}")),
//! });
//! let config = Config { delay: Delay::Fixed(Duration::from_millis(50)), ratio: 1.0, ..Config::default() };
//! let lookup = wire.layer(HedgeLayer::new(config)?).layer(ChildLayer::new(&LOOKUP));
//! assert_eq!(lookup.call(&mut Context::new(), 7).await?, "profile 7");
//! # Ok(()) }
//! ```
//!
//! # What it does
//! - Only [idempotent](kit_core::Method::idempotent) methods are hedged, by the name the [child](kit_core::ChildLayer) outside
//!   gives them, and no call that is [a repeat](kit_core::Context::is_repeat): the first attempt of a retry may be, the ones
//!   that follow are not.
//! - Until its time has come, the second attempt is not made: no future, no fork, no place in the budget.
//! - An answer wins, a business error among them. A failure does not while another attempt runs; with nothing else running it is
//!   the result at once, since calling again after a failure is [retry](crate::retry)'s. If all fail, the last error speaks, and
//!   [`AllFailed`] in its causes has every one.
//! - The losers are dropped before the answer is handed on: nothing is spawned, so nothing is left to wait for. What they
//!   spawned is told by their tokens. The guards of the layers inside count them as cancelled, which speaks against no
//!   instance: a breaker that counts slow calls does not count a loser, which could not become quicker than the winner by
//!   being a good instance ([`copies::lose`](kit_core::copies::lose)). So a slow instance whose calls are all hedged looks well to its
//!   breaker: what sends fewer calls there is the balancer. Attempts that are given up together, by their caller or at the
//!   deadline, lost to nobody: each counts as it would alone.
//! - Attempts share the list of [instances tried](kit_core::Attempts), also while they run: a balancer inside sends the second
//!   elsewhere. With one instance, hedging only doubles its work.
//!
//! # What it costs
//! The first attempt's fork and the list that it shares, one allocation; after the delay, a few for each attempt. A hedged
//! call's future holds that of its inner call and the request.
//!
//! # Source
//! Dean and Barroso, "The Tail at Scale" (2013): the 95th percentile, and 5 % more load; "Concurrency in Go", chapter 5 (CC-30
//! to CC-32 in `source-systems.md`). tower's `hedge` sends to the same service, takes the first completion even if it is an
//! error, and has no budget.

mod config;
mod delay;
mod endpoint;
mod error;
mod event;
mod latencies;
mod layer;
pub(crate) mod race;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use delay::{Delay, ParseDelayError};
pub use endpoint::Hedging;
pub use error::AllFailed;
pub use event::Event;
pub use layer::{Handle, HedgeLayer, Stats};
