//! Layers that keep a failing or slow dependency from taking its caller down.
//!
//! | | |
//! |---|---|
//! | [`breaker`] | stops calling a backend that fails, until it is well again |
//! | [`budget`] | how much retries and hedges may send besides the calls, shared by name |
//! | [`bulkhead`] | so many calls at once, and a short queue in front |
//! | `cache` | answers from memory, for a while; stale ones while a new one is fetched or cannot be had (feature `cache`) |
//! | [`chaos`] | faults on purpose, to see whether the other layers hold |
//! | [`fallback`] | another answer in the place of a failure |
//! | [`hedge`] | calls again before a slow call has failed, and takes the answer that comes first |
//! | [`idempotency`] | a call that is sent twice is run once: by the key that came with it |
//! | [`replicate`] | calls several instances at once, and takes the answer that comes first |
//! | [`retry`] | calls again after a failure: with a pause, within a budget, only what may be called twice |
//! | [`single_flight`] | the same question asked at once by many is asked once |
//! | [`timeout`] | gives up on calls that take too long: a limit of one's own, or the deadline that came with the call |
//!
//! [`guide`] tells how a handler is written that may be cancelled, and called twice, at any moment.
//!
//! Every layer wraps any [`Endpoint`](kit_core::Endpoint), on the server's side as on the client's, answers the one
//! [`Error`](kit_core::Error), and reads the time from the [`Context`](kit_core::Context). A setting out of its range is refused
//! when the layer is built, with a [`ConfigError`].
//!
//! ```
//! use std::time::Duration;
//!
//! use kit_circuit::timeout::TimeoutLayer;
//! use kit_core::{Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let lookup = request_fn(async |id: u32| Ok(format!("row {id}")));
//! let lookup = lookup.layer(TimeoutLayer::new(Duration::from_millis(250))?);
//! assert_eq!(lookup.call(&mut Context::new(), 7).await?, "row 7");
//! # Ok(()) }
//! ```
//!
//! # What they do together
//! A client of ten instances, one of them slow and one failing, whose callers wait for a second, at 400, 800 and 400 calls a second; and
//! how often a dead backend is asked:
//!
//! | client | answers /s, of 533 | attempts a call | p99 | attempts a call, all dead |
//! |---|--:|--:|--:|--:|
//! | bare, round robin | 458 | 1.00 | 1,000 ms | 1.00 |
//! | timeout, retry without a budget | 532 | 1.18 | 429 ms | 3.00 |
//! | timeout, retry, budget | 518 | 1.14 | 310 ms | 1.21 |
//! | the same and a breaker for each instance | 533 | 1.01 | 222 ms | 0.01 |
//! | the same, and the breakers count slow calls | 533 | 1.01 | 65 ms | 0.01 |
//! | the same and a hedge | 533 | 1.09 | 72 ms | 0.01 |
//!
//! `cargo run -p kit-circuit --example simulation` prints it, the same each time. The budget costs a few answers where there is no
//! breaker: three attempts a call are the price of those. Against an instance that is slow for long, [slow calls](breaker::Slow) that count
//! do more than a hedge, and a hedge takes from it what they do: what loses leaves no trace, so the breaker does not hear of the slow
//! calls, and the instance stays in use. A hedge is for calls that are slow now and then, wherever they go. `examples/resilient` shows
//! each layer at work over HTTP.

mod attempt;
pub mod breaker;
pub mod budget;
pub mod bulkhead;
#[cfg(feature = "cache")]
pub mod cache;
pub mod chaos;
mod config;
mod counts;
pub mod fallback;
pub mod guide;
pub mod hedge;
pub mod idempotency;
mod live;
mod or_none;
pub mod replicate;
pub mod retry;
mod shards;
pub mod single_flight;
mod tell;
pub mod timeout;

pub use config::ConfigError;
pub use counts::Counts;
