//! Calls several instances at once, and takes the answer that comes first.
//!
//! For calls whose time matters more than their cost: n copies are n times the work, answered by the fastest, and one that
//! fails is made good by the others. [`hedge`](crate::hedge) gets most of that for a twentieth of the cost.
//!
//! ```
//! use kit_circuit::replicate::{Config, ReplicateLayer};
//! use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_fn};
//!
//! static LOOKUP: Method = Method::new("profiles", "lookup").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Of three instances one answers.
//! let wire = endpoint_fn(async |cx, id: u32| match cx.attempts().number() {
//!     0 => std::future::pending().await,
//!     1 => Err(Error::unavailable("down")),
//!     _ => Ok(format!("profile {id}")),
//! });
//! let all = ReplicateLayer::new(Config { copies: 3, ratio: 2.0, ..Config::default() })?;
//! let lookup = wire.layer(all).layer(ChildLayer::new(&LOOKUP));
//! assert_eq!(lookup.call(&mut Context::new(), 7).await?, "profile 7");
//! # Ok(()) }
//! ```
//!
//! It needs instances of equal opportunity, each able to serve the call, and of different fate: another machine, path, store.
//! The layer stands round a balancer, which sends each copy to an instance that has not been [tried](kit_core::Attempts); with
//! fewer instances than copies, some get several.
//!
//! Only [idempotent](kit_core::Method::idempotent) methods are replicated, and no [repeat](kit_core::Context::is_repeat); as
//! many copies go out as the [budget](Config::ratio) allows. What wins, what becomes of the losers and of their statistics,
//! and what the error of all failures holds, is as with [hedges](crate::hedge), which run on the same course.
//!
//! # Source
//! "Concurrency in Go", chapter 5, "replicated requests" (CC-30, CC-31 in `source-systems.md`). Its ten handlers of one to
//! five seconds answer after 1.11 s on average, where one takes 3 s.

mod config;
mod endpoint;
mod layer;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Replicating;
pub use layer::{Event, Handle, ReplicateLayer, Stats};
