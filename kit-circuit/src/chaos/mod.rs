//! Faults on purpose: calls that are slow, fail, hang or panic, to see whether the other layers hold.
//!
//! # Off unless asked for twice
//! Once in the settings: [`Config::enabled`] is true. Once in the program: [`ChaosLayer::arm`], or [`Handle::arm`] while
//! it runs. A settings file alone cannot break a program that was not written to be broken, and a program that is can be
//! deployed and do nothing until its settings say so. Either switch turned back ends it for the calls that begin after.
//!
//! ```
//! use kit_circuit::chaos::{ChaosLayer, Config, Injected};
//! use kit_core::sources::SeededRandom;
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let faults = Config { enabled: true, error: 0.5, ..Config::default() };
//! let layer = ChaosLayer::new(faults)?.random(SeededRandom::new(7)).arm();
//! let chaos = layer.handle();
//! let lookup = request_fn(async |id: u32| Ok(id)).layer(layer);
//!
//! let mut failed = 0;
//! for id in 0..1_000 {
//!     if let Err(error) = lookup.call(&mut Context::new(), id).await {
//!         assert!(error.cause::<Injected>().is_some());
//!         failed += 1;
//!     }
//! }
//! assert!((450..550).contains(&failed));
//! assert_eq!(chaos.stats().errors, failed);
//! # Ok(()) }
//! ```
//!
//! # What it does
//! A call may first be made to wait ([`latency`](Config::latency)), and then at most one of three things happens in its
//! place: an error, a hang until somebody gives up on it, a panic. The chances are drawn from one source, three numbers
//! for each call whatever the settings, so that a seed and an order of calls give the same faults again, and a change of
//! one setting leaves the others' faults where they were.
//!
//! # How it composes
//! - **Innermost**, in the place of the transport, it plays a bad backend: every layer outside sees its faults as the
//!   backend's. An injected error has the outcome of its code, a backend error by default.
//! - **Further out** it plays a bad layer: outside retry, say, it shows what callers see of a fault that no retry helps
//!   against.
//! - A hang needs a timeout or a deadline outside; a panic needs [`RecoverLayer`](kit_core::recover::RecoverLayer).
//!
//! # Source
//! Netflix's latency monkey; Envoy's fault filter, whose abort and delay have a share of calls each.

mod config;
mod endpoint;
mod error;
mod event;
mod layer;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Chaos;
pub use error::Injected;
pub use event::{Event, Fault};
pub use layer::{ChaosLayer, Handle, Stats};
