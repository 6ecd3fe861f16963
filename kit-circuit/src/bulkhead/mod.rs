//! So many calls at once and no more, with a short queue in front.
//!
//! A slow dependency does not fail: it holds what its callers wait with, until they have nothing left for anybody else. A
//! bulkhead gives each dependency places of its own ([`Config::max`]). Who finds none waits in a queue that is bounded in
//! length and in time and serves in order of arrival; who finds that full, or would wait longer than allowed, is refused at
//! once.
//!
//! A refusal has the outcome [`Rejected`](kit_core::Outcome::Rejected), the cause [`Full`] and the hint
//! [`Retry::Safe`](kit_core::Retry::Safe): the call did not run. Its code is `Unavailable`, or `DeadlineExceeded` if it
//! was the caller's own deadline that left no time to wait.
//!
//! Waiting counts: a call has its caller's deadline in the queue too, the context is stamped when the wait is over, and a
//! call whose time is up by then gives its place back unused. A place is a guard: it is given back once, when the call
//! returns, is dropped or panics; if the call answered with a stream, when the stream ends.
//!
//! # How it composes
//! - **Inside retry and hedge**, next to the transport: each attempt takes a place of its own, and none holds one while it
//!   backs off.
//! - **Inside the breaker**: the breaker's refusal costs no place, and a full bulkhead, which says nothing of the backend,
//!   is `Rejected` and so counts for no breaker.
//! - **Inside timeout and deadline**: the wait is part of the call's time. An attempt's timeout inside the bulkhead would
//!   start only once the call has its place, which is right where the timeout is about the backend alone.
//! - **Outside single flight and cache it would count callers**, inside them it counts what reaches the backend: put it
//!   inside.
//! - **Fallback outside** answers what is refused here.
//!
//! # Source
//! Release It! (Nygard), "Bulkheads"; Envoy's `max_requests` and `max_pending_requests`; resilience4j's `Bulkhead`. The
//! order of the queue is that of tokio's `Semaphore`.

mod config;
mod endpoint;
mod error;
mod event;
mod layer;
mod places;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::Bulkhead;
pub use error::Full;
pub use event::Event;
pub use layer::{BulkheadLayer, Handle, Stats};
