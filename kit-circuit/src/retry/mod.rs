//! Calls again after a failure: with a pause, within a budget, and only what may be called twice.
//!
//! What decides, in this order, whether a failed attempt is followed by another:
//!
//! | | |
//! |---|---|
//! | the error | its hint ([`Error::retry`](kit_core::Error::retry)): never; safe, for it provably did not run; after a pause the callee asked for; or it may have run, and then the [method](kit_core::Method) must be idempotent. [`RetryLayer::decide`] may know better |
//! | the attempts | [`attempts`](Config::attempts), the first among them |
//! | the caller's time | the pause must end before the deadline: nobody waits for what can no longer happen |
//! | the [budget](crate::budget) | 20 % of the calls and 10 a second, over 10 s, shared with whatever calls the same callee; a repeat after a time-out costs two |
//!
//! The pause grows from attempt to attempt and is drawn anew from zero to its limit (full jitter), so that callers that failed
//! together do not come back together. A pause the callee asks for (`Retry-After`, `grpc-retry-pushback-ms`) is kept, and the
//! drawn one added. Where the call was refused here and nobody was asked (no instance, every breaker open), at least half of the
//! limit is waited: such attempts take no time, and would spin.
//!
//! ```
//! use kit_circuit::retry::{Config, GaveUp, RetryLayer};
//! use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_fn};
//!
//! static LOOKUP: Method = Method::new("profiles", "lookup").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Fails twice.
//! let wire = endpoint_fn(async |cx, id: u32| match cx.attempts().number() {
//!     2 => Ok(format!("profile {id}")),
//!     _ => Err(Error::unavailable("down")),
//! });
//! let retry = RetryLayer::new(Config { attempts: 3, ..Config::default() })?;
//! let lookup = wire.layer(retry).layer(ChildLayer::new(&LOOKUP));
//! assert_eq!(lookup.call(&mut Context::new(), 7).await?, "profile 7");
//!
//! // One attempt too few: the last error, and all of them in its cause.
//! let retry = RetryLayer::new(Config { attempts: 2, ..Config::default() })?;
//! let lookup = wire.layer(retry).layer(ChildLayer::new(&LOOKUP));
//! let error = lookup.call(&mut Context::new(), 7).await.unwrap_err();
//! assert_eq!(error.message(), "down");
//! assert_eq!(error.cause::<GaveUp>().expect("it was repeated").attempts().len(), 2);
//! # Ok(()) }
//! ```
//!
//! # Where it stands
//! In a client's stack, outside hedge and balancer, inside the [child](kit_core::ChildLayer) that names the method: what it
//! asks whether it may run twice is the method in its context, and without a child of its own that is the caller's. An
//! endpoint of a transport that opens a child itself gets another outside the retry, as
//! `call.layer(retry).layer(ChildLayer::new(&LOOKUP))`.
//!
//! # Each attempt
//! runs [on the caller's context](kit_core::Context::attempt), with [its number](kit_core::Attempts) and the instances tried
//! before, which a balancer inside avoids. What the last one wrote there stays, whatever it ended with; what the others wrote is
//! gone, and what one that timed out left running is told to stop. It has [`per_try`](Config::per_try) at most, and never more
//! than the caller's deadline. A stream that an attempt answers with is an answer: what breaks it later is not repeated, and
//! the attempt's time is the stream's.
//!
//! The first attempt costs a clone of the request, and no allocation or task of its own: make requests cheap to clone. (In a
//! server, where the context has the caller's metadata, the first attempt makes that shared: one allocation.)
//!
//! # Down a chain of services
//! Each service that repeats its calls would multiply those of the one before. So every attempt but the first says so in its
//! metadata, `grpc-previous-rpc-attempts` ([`Attempts::PREVIOUS`](kit_core::Attempts::PREVIOUS)), and nothing below [a
//! repeat](kit_core::Context::is_repeat) repeats: calls that a handler makes for it, in this process or the next, get one
//! attempt each. And whoever gives up marks its error [`Retry::Never`](kit_core::Retry::Never), which a transport sends as
//! `grpc-retry-pushback-ms: -1`: those above do not begin again. A dead leaf then sees the repeats of the service next to it.
//!
//! # Go kit's `Retry`
//! `lb.Retry(max, timeout, balancer)` is a limit round a retry round a balancer; `RetryWithCallback`'s callback is
//! [`RetryLayer::decide`]: told how many attempts have failed, from 1, and the error as it came; it goes on, or stops with the
//! error or another.
//!
//! ```
//! use std::time::Duration;
//!
//! use kit_circuit::retry::{Config, GaveUp, RetryLayer, Verdict};
//! use kit_circuit::timeout::TimeoutLayer;
//! use kit_core::{Code, Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Error> {
//! # let balanced = request_fn(async |id: u32| match id { 0 => Err(Error::not_found("no such id")), _ => Err::<u32, _>(Error::unavailable("down")) });
//! let (max, timeout) = (3, Duration::from_millis(500));
//! let retry = RetryLayer::new(Config { attempts: max, ..Config::default() })?.decide(|n, error| match error.code() {
//!     Code::NotFound => Verdict::StopWith(Error::invalid_argument("ask for another")), // (false, replacement)
//!     _ if n < 10 => Verdict::Again,                                                    // (true, nil): idempotent or not
//!     _ => Verdict::Stop,                                                               // (false, nil)
//! });
//! let endpoint = balanced.layer(retry).layer(TimeoutLayer::new(timeout)?);
//!
//! let error = endpoint.call(&mut Context::new(), 1).await.unwrap_err();
//! assert_eq!(error.cause::<GaveUp>().expect("three attempts").attempts().len(), 3);
//! let error = endpoint.call(&mut Context::new(), 0).await.unwrap_err();
//! assert_eq!(error.message(), "ask for another");
//! # Ok(()) }
//! ```
//!
//! Done otherwise: there is a pause, a budget and a question whether the call may run twice; the error of a deadline keeps the
//! attempts; every attempt is found in the chain of causes.
//!
//! # Source
//! Go kit's `sd/lb/retry.go`; gRPC's proposal A6 (pushback, previous attempts); Marc Brooker, "Exponential Backoff And Jitter";
//! "Site Reliability Engineering", chapter 22, on retries in a chain; the AWS SDKs, where a time-out's retry costs double.

mod config;
mod endpoint;
mod error;
mod event;
mod layer;
mod plan;
mod settings;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Retrying;
pub use error::{GaveUp, Why};
pub use event::Event;
pub use layer::{Handle, RetryLayer, Stats};
pub use plan::Verdict;
