//! A cache for endpoints that answer many keys at a time.
//!
//! The inner endpoint takes a list of keys and answers in their order, `None` for what it did not find, as a [batch
//! flight](crate::single_flight::batch) does; put one inside. Each key has its own entry; only those that memory cannot
//! answer make a call, one for all of them, each key once. `None` is remembered for
//! [`negative_ttl`](super::Config::negative_ttl).
//!
//! ```
//! use std::collections::HashMap;
//!
//! use kit_circuit::cache::batch::BatchCacheLayer;
//! use kit_circuit::single_flight::batch::BatchFlightLayer;
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let cache = BatchCacheLayer::new(Default::default())?;
//! let handle = cache.handle();
//! let rows = request_fn(async |ids: Vec<u32>| {
//!     Ok(ids.into_iter().filter(|id| *id < 900).map(|id| (id, format!("row {id}"))).collect::<HashMap<_, _>>())
//! })
//! .layer(BatchFlightLayer::new(Default::default())?)
//! .layer(cache);
//!
//! rows.call(&mut Context::new(), vec![106]).await?;
//! let answer = rows.call(&mut Context::new(), vec![107, 106, 999, 106]).await?;
//! assert_eq!(answer, [Some("row 107".into()), Some("row 106".into()), None, Some("row 106".into())]);
//! assert_eq!((handle.stats().fresh, handle.stats().missed), (1, 3));
//! # Ok(()) }
//! ```
//!
//! Everything else is as in the [cache of single answers](super). Look-ups are counted by key, calls and refreshes by
//! call; an answer is [`Stale`](super::Stale) with the age of the oldest of its rows, and a failed call is made up for
//! only if there is an old row for each key that it was made for.
//!
//! # Source
//! AS-9 in `source-systems.md`; gintoki's batch read (GT-15), which lost the order and what was missing.

mod endpoint;
mod layer;

pub use endpoint::BatchCache;
pub use layer::BatchCacheLayer;
