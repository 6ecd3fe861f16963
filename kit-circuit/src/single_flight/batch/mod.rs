//! Single flight for endpoints that answer many keys at a time.
//!
//! The inner endpoint takes a list of keys and answers a map of what it found. The layer makes of it an endpoint that
//! answers in the order it was asked, with an explicit `None` for what does not exist. Each key is asked for once, however
//! often it stands in the request; those that another batch is asking for already are awaited there; only the others make
//! a call, one for all of them. A failure of a call that some of the keys needed is the failure of the whole batch.
//!
//! ```
//! use std::collections::HashMap;
//!
//! use kit_circuit::single_flight::batch::BatchFlightLayer;
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // One query for all: SELECT … WHERE id IN (…).
//! let rows = request_fn(async |ids: Vec<u32>| {
//!     Ok(ids.into_iter().filter(|id| *id < 900).map(|id| (id, format!("row {id}"))).collect::<HashMap<_, _>>())
//! })
//! .layer(BatchFlightLayer::new(Default::default())?);
//!
//! let answer = rows.call(&mut Context::new(), vec![107, 106, 999, 106]).await?;
//! assert_eq!(answer, [Some("row 107".into()), Some("row 106".into()), None, Some("row 106".into())]);
//! # Ok(()) }
//! ```
//!
//! Context, limit, cancellation and what may be shared are as in [single flight](super): the key must hold whatever an
//! answer depends on.
//!
//! # Source
//! GT-B2, GT-B6 and AS-9 in `source-systems.md`; Facebook's DataLoader.

mod endpoint;
mod layer;

pub use endpoint::BatchFlight;
pub use layer::{BatchFlightLayer, Handle};
