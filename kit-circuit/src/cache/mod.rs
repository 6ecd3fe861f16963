//! Answers from memory, for a while.
//!
//! A success is kept for [`ttl`](Config::ttl), the answer that something does not exist (`NotFound`) for
//! [`negative_ttl`](Config::negative_ttl); nothing else is kept. Entries of one moment end at different ones
//! ([`jitter`](Config::jitter)), so that what was filled together is not asked for together. Ages are counted on tokio's
//! clock from when an answer was *asked for*, so none is older than it seems.
//!
//! An answer past its time may still be better than none, within bounds that whoever knows the data sets:
//!
//! | | a caller gets | meanwhile |
//! |---|---|---|
//! | [`stale_while_refresh`](Config::stale_while_refresh) | the old answer, at once | one task fetches a new one, for all |
//! | [`stale_on_error`](Config::stale_on_error) | the old answer, if the call for a new one fails or is refused | |
//!
//! A stale answer leaves the mark [`Stale`] in the context's extensions and is told to the observer.
//!
//! ```
//! use std::time::Duration;
//!
//! use kit_circuit::cache::{CacheLayer, Config};
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let config = Config { ttl: Duration::from_secs(600), ..Config::default() };
//! let layer = CacheLayer::new(config, |_cx: &Context, id: &u32| Some(*id))?;
//! let cache = layer.handle();
//! let lookup = request_fn(async |id: u32| Ok(format!("row {id}"))).layer(layer);
//!
//! for _ in 0..3 {
//!     assert_eq!(lookup.call(&mut Context::new(), 7).await?, "row 7");
//! }
//! assert_eq!((cache.stats().missed, cache.stats().fresh), (1, 2));
//! cache.remove(&7); // row 7 has changed
//! # Ok(()) }
//! ```
//!
//! # What may be kept
//! As with [single flight](crate::single_flight): the key holds whatever the answer depends on, whose data it is above
//! all. A request without a key goes past the cache. What the inner call wrote into its context is not kept, nor is an
//! answer that is a stream, nor one whose outcome is no success.
//!
//! [`batch`] is the same for endpoints that answer many keys at a time.
//!
//! # Writes
//! [`Handle::remove`] makes sure that no answer asked for before it is served after it: one that is still on its way is
//! given to its caller, and not kept. With single flight inside, [`forget`](crate::single_flight::Handle::forget) the key
//! there as well, first, or a later caller may join a flight that began before the write.
//!
//! # How it composes
//! - **Outside single flight**, which makes one call of those that miss together; this layer alone lets each of them
//!   through.
//! - **Outside retry, breaker, bulkhead**: what memory answers asks nobody, and their failures are what `stale_on_error`
//!   is for.
//! - **Inside fallback**, or the makeshift answer is kept.
//! - **Inside auth** and the caller's deadline. A deadline that ends the call from outside leaves no time for a stale
//!   answer: give the call inside a timeout of its own.
//!
//! # Source
//! RFC 5861 (stale-while-revalidate, stale-if-error); GT-B1, GT-B2, AS-14 in `source-systems.md`. GT-B2's jitter is ±10 %
//! of the time to live; here it only ever shortens, by up to 20 %, so that the spread is the same and the time to live is
//! a promise.

pub mod batch;
mod config;
mod endpoint;
mod event;
mod layer;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Cache;
pub use event::{Event, Stale};
pub use layer::{CacheLayer, Handle, Stats};
