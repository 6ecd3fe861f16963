//! The same question asked at once by many is asked once.
//!
//! A thousand callers that miss the same cache entry are one call to the backend: the first that comes with a key begins a
//! *flight*, those that come while it is under way wait for the same answer. It is shared as it is, a failure too, and
//! kept for nobody: who comes after the landing begins anew.
//!
//! Nobody owns a flight. It is driven by whoever still waits for it, so the first caller may leave and the others have
//! their answer all the same; when the last one leaves it is cancelled at once, and what it spawned is told. There is no
//! task to look after. It has a context of its own (the first caller's metadata, identity and extensions, not its
//! deadline) and the time limit of [`Config::limit`]; each caller waits until its own deadline at the most. A panic in a
//! flight is an error for all its callers: a bug, with the cause [`Panicked`](kit_core::recover::Panicked).
//!
//! ```
//! use kit_circuit::single_flight::SingleFlightLayer;
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let layer = SingleFlightLayer::new(Default::default(), |_cx: &Context, id: &u32| Some(*id))?;
//! let handle = layer.handle();
//! let lookup = request_fn(async |id: u32| {
//!     tokio::task::yield_now().await; // the database
//!     Ok(format!("row {id}"))
//! })
//! .layer(layer);
//!
//! let (mut one, mut two) = (Context::new(), Context::new());
//! let (a, b) = tokio::join!(lookup.call(&mut one, 7), lookup.call(&mut two, 7));
//! assert_eq!((a?, b?), ("row 7".to_owned(), "row 7".to_owned()));
//! assert_eq!(handle.stats().flights.ok, 1);
//! # Ok(()) }
//! ```
//!
//! [`batch`] is the same for endpoints that answer many keys at a time.
//!
//! A flight costs a few allocations (its future, its entry, its key twice) and a short lock of the map; it is for calls
//! that cost more.
//!
//! # What may be shared
//! The key says which requests are one question. Whatever the answer depends on is part of it: whose data it is (the
//! principal of the call, its tenant), the language, the version. A request without a key ([`None`]) is called by itself:
//! anything that is not a mere question, since two orders at once are two orders. What the flight wrote into its context
//! (metadata that goes back, extensions) reaches nobody, but for its outcome: it may be one caller's own.
//!
//! # How it composes
//! - **Inside the cache**: whom the cache cannot answer meets here, and one answer fills it.
//! - **Outside retry, hedge, breaker and bulkhead**: what is shared is the whole effort, and one flight takes one place.
//! - **Inside timeout and deadline** of each caller, which end its wait, not the flight. A flight's own limit is here, in
//!   [`Config::limit`].
//! - **Inside auth** and whatever else decides by the caller, or the first one's answer is everybody's.
//!
//! # Source
//! Go's `singleflight` and Varnish's request coalescing; AS-10 and GT-B2 in `source-systems.md`, which ask for a leader
//! that may leave.

pub mod batch;
mod config;
mod endpoint;
mod event;
mod flights;
mod layer;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::SingleFlight;
pub(crate) use endpoint::{Landed, fly};
pub use event::Event;
pub(crate) use flights::Flights;
pub use layer::{Handle, SingleFlightLayer, Stats};
