//! Google SRE's adaptive throttle: a client that is being rejected rejects some of its own calls, before they are sent.
//!
//! Where a [breaker](super) lets everything through or next to nothing, this has no states. It looks at the last two minutes: of
//! `requests` calls, the backend accepted `accepts`. Once `requests` is more than `k` times `accepts`, a call is refused here with the chance
//!
//! ```text
//! (requests - k * accepts) / (requests + 1)
//! ```
//!
//! so that the backend is sent about `k` times what it accepts, however much is offered: enough to see at once that it accepts more again,
//! little enough that saying no does not use it up. It suits a backend that sheds load; one that is dead is a breaker's.
//!
//! A call counts when it has ended, or is refused here: those still running are no evidence. A success and a business error are
//! accepts; a backend error, a time-out and a panic are not. A refusal further in, or a cancellation, is no request at all; a
//! dropped call counts as in a [`Breaker`](super::Breaker).
//!
//! ```
//! use kit_circuit::breaker::throttle::{Throttled, ThrottleLayer};
//! use kit_core::{Context, Endpoint as _, Error, request_fn, sources::SeededRandom};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let layer = ThrottleLayer::default().random(SeededRandom::new(1));
//! let throttle = layer.handle();
//! let lookup = request_fn(async |_: u32| Err::<u32, _>(Error::unavailable("overloaded"))).layer(layer);
//! for id in 0..100 {
//!     let error = lookup.call(&mut Context::new(), id).await.unwrap_err();
//!     if let Some(throttled) = error.cause::<Throttled>() {
//!         assert!(throttled.chance() > 0.0);
//!     }
//! }
//! assert!(throttle.stats().refused > 50);
//! # }
//! ```
//!
//! # Source
//! "Site Reliability Engineering", chapter 21, "Client-Side Throttling".

mod config;
mod endpoint;
mod error;
mod layer;
mod shared;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Throttle;
pub use error::Throttled;
pub use layer::{Event, Handle, ThrottleLayer};
