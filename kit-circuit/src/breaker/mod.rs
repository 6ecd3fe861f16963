//! Stops calling a backend that fails, and finds out by itself when it is well again.
//!
//! ```text
//!            a strategy says so                the open time is over, and a call comes
//! closed ─────────────────────────▶ open ─────────────────────────────────────────────▶ half-open
//!    ▲                                ▲   a probe fails, is slow, or does not answer         │
//!    │                                └──────────────────────────────────────────────────────┤
//!    └─────────────────────────────────────────────── as many probes succeed as are asked for┘
//! ```
//!
//! | | |
//! |---|---|
//! | [`Config`] | the strategies that open it, used together: failures in a row, a share of failures, a share of slow calls, over the last calls or the last seconds |
//! | [`Strategy`] | one of your own |
//! | [`Handle`] | state, counts, reason; a stream of changes; settings that change while calls run; held open, closed, or out of the way |
//! | [`registry`] | a breaker for each key or instance, and a bound on how many |
//! | [`throttle`] | Google SRE's adaptive throttle, which has no states: it lets through what the backend takes, and a little more |
//!
//! What a call counts as is its [`Outcome`](kit_core::Outcome): backend errors and time-outs are failures, and so is a panic. A success
//! and a business error are answers: they end a row of failures, and a probe that gets one has succeeded. A refusal further in, and a
//! cancellation, are neither; the next call takes the place of such a probe. A call that is dropped counts as cancelled, unless its
//! deadline has passed, or it had become slow (see [`Breaker`]); one that lost to [another attempt](crate::hedge), always. A streamed
//! answer counts when the stream ends.
//!
//! A closed breaker that is given the call's time takes neither a clock nor a lock nor the heap: two reads of a word, one counter.
//!
//! # Where it stands
//! On the client's side, one for each instance, inside retry, hedge and balancer: each attempt asks the breaker of its instance, and
//! [`Gate`](kit_core::Gate) tells the balancer beforehand. Limits and shedders that stand inside do not make it open: what they refuse is
//! nobody's failure.
//!
//! ```
//! use kit_circuit::breaker::{BreakerLayer, Open, State};
//! use kit_core::{Code, Context, Endpoint as _, Error, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let layer = BreakerLayer::gobreaker();
//! let breaker = layer.handle();
//! let lookup = request_fn(async |_: u32| Err::<String, _>(Error::unavailable("down"))).layer(layer);
//! for id in 0..6 {
//!     assert!(lookup.call(&mut Context::new(), id).await.unwrap_err().cause::<Open>().is_none());
//! }
//! assert_eq!(breaker.state(), State::Open);
//! let error = lookup.call(&mut Context::new(), 6).await.unwrap_err();
//! assert_eq!(error.code(), Code::Unavailable);
//! assert!(error.cause::<Open>().expect("refused").left().is_some());
//! # }
//! ```
//!
//! # Source
//! Go kit, `circuitbreaker/gobreaker.go`; resilience4j and Polly for windows, slow calls and live settings; Finagle's failure accrual for
//! the figures of the defaults; GK-04, X-03 and X-04 in `source-systems.md`.

mod book;
mod config;
mod endpoint;
mod error;
mod event;
mod handle;
mod layer;
mod numbers;
mod pass;
mod reason;
pub mod registry;
mod shared;
mod state;
mod status;
mod strategy;
mod switch;
mod sync;
#[cfg(test)]
mod tests;
pub mod throttle;

pub use config::{Config, HalfOpen, OpenTime, Ratio, Slow, Window};
pub use endpoint::Breaker;
pub use error::Open;
pub use event::Event;
pub use handle::Handle;
pub use layer::BreakerLayer;
pub use reason::Reason;
pub use state::{Mode, State};
pub use status::Status;
pub use strategy::{Call, ConsecutiveFailures, FailureRatio, SlowCalls, Strategy, Verdict};
