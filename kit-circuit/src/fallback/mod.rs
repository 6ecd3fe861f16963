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
//! assert_eq!(cx.fallback(), Some(Outcome::BackendError));
//! let mark = cx.extensions().get::<FellBack>().expect("left beside it");
//! assert_eq!(mark.error().map(Error::message), Some("the price service is down"));
//! # Ok(()) }
//! ```
//!
//! # What is seen of it
//! A service that lives on its fallbacks looks healthy. So each use is seen, without anybody asking for it:
//!
//! - the line of the request log has `fallback=`, and how the call itself had ended: `outcome=success … fallback=timed_out`;
//! - the RED metrics count it, by the same word, in `kit_server_fallback_answers_total` or `kit_client_fallback_answers_total`;
//! - it is told to the observer ([`Event`]), and counted ([`Stats`]);
//! - the context has the mark ([`Context::fallback`](kit_core::Context::fallback)) for whatever else stands outside, and the error in its
//!   extensions ([`FellBack`]). kit has no layer of traces yet: what traces a call reads the mark there, and makes an event [`LABEL`] of it
//!   in the call's span.
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
