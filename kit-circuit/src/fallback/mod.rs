//! Another answer in the place of a failure: a default, an older copy, a simpler service.
//!
//! The layer calls its inner endpoint; if that ends with an outcome named in the [`Config`], it calls a second endpoint
//! with the same request and what went wrong ([`Failure`]), and answers what that answers. The outcome decides, not the
//! error alone: an answer of status 500 is a backend error too.
//!
//! ```
//! use kit_circuit::fallback::{Failure, FallbackLayer, FellBack};
//! use kit_core::{Context, Endpoint as _, Error, Outcome, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let price = request_fn(async |_sku: u32| Err::<u64, _>(Error::unavailable("the price service is down")));
//! let list_price = request_fn(async |failure: Failure<u32>| Ok(u64::from(failure.request) * 100));
//! let price = price.layer(FallbackLayer::new(Default::default(), list_price)?);
//!
//! let mut cx = Context::new();
//! assert_eq!(price.call(&mut cx, 7).await?, 700);
//! let mark = cx.extensions().get::<FellBack>().expect("left for logs and spans");
//! assert_eq!(mark.outcome(), Outcome::BackendError);
//! # Ok(()) }
//! ```
//!
//! # What is seen of it
//! A service that lives on its fallbacks looks healthy. So each use leaves a mark in the context's extensions
//! ([`FellBack`]), for whoever logs, labels or traces the call; is told to the observer ([`Event`], whose name for a label
//! or a span is [`LABEL`]); and is counted ([`Stats`]).
//!
//! If the fallback fails too, the caller gets the first failure as it was, since that is what is wrong; the second one is in
//! the log, under `fallback`, and told to the observer.
//!
//! # How it composes
//! - **Outside everything that can fail**: cache, single flight, retry, breaker, bulkhead. What it answers is then neither
//!   kept by a cache nor taken for the backend's health, and a refusal of theirs is what it is most often for.
//! - **Inside the deadline of the caller**, which ends the fallback too. It gets what is left of that; so the call inside
//!   has to have a timeout of its own, shorter than the deadline, or nothing is left.
//! - **Inside log, metrics and trace**, which see its mark.
//!
//! # Source
//! Hystrix's fallback; failsafe-go's `Fallback`.

mod config;
mod endpoint;
mod event;
mod layer;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::{Failure, Fallback, FellBack};
pub use event::{Event, LABEL};
pub use layer::{FallbackLayer, Handle, Stats};
