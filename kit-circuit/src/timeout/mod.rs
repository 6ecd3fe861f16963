//! Calls that take too long are given up on.
//!
//! | | whose time |
//! |---|---|
//! | [`TimeoutLayer`] | a limit of the layer's own: a client's for one call, a retry's for one attempt |
//! | [`DeadlineLayer`] | the deadline that came with the call, within what is allowed here: a server's |
//!
//! Both open a [`Scope`](kit_core::Scope): a deadline only ever gets shorter, is there for every layer and every wire
//! inside, and is the caller's own again afterwards, however the call ended. When the time is up the inner call is
//! dropped, what it spawned is told by its [`Cancel`](kit_core::Cancel) token, and the answer is `DeadlineExceeded`
//! (outcome [`TimedOut`](kit_core::Outcome::TimedOut)) with the cause [`Elapsed`].
//!
//! The time is counted from [`Context::now`](kit_core::Context::now). So a wait in a queue before the layer counts for the
//! deadline, once the queue has stamped it; and a handler that has waited for something of its own, such as a database,
//! [stamps](kit_core::Context::stamp) that before it calls on, or the limit of the next call has already begun.
//!
//! The inner call is polled once before a timer is made. One that is ready at once costs neither a timer nor a reading of
//! the clock, and needs no runtime; one that had to wait stamps the context's time for whoever stands outside.
//!
//! A streamed answer has taken the deadline with it ([`Streaming`](kit_core::Streaming)): the call ends in time, and so does
//! the stream.
//!
//! # How it composes
//! - **A timeout outside retry** bounds the whole call, pauses included; **inside it**, an attempt. Both together are
//!   usual: the inner one leaves time for another try.
//! - **Outside a bulkhead, a limit or a cache**: waiting there is part of the time.
//! - **Inside fallback**: what it ends is what a fallback is for. The deadline itself stands outside the fallback, and
//!   ends that too.
//! - **Outside the breaker and inside it** differ by who is blamed: the breaker sees the time-outs of what is inside it,
//!   and the deadline of a hasty caller, outside, is none of the backend's failures.
//!
//! What a handler has done when it is given up on, and how to make that safe, is told in [`guide`](crate::guide).
//!
//! # Source
//! "Concurrency in Go", chapter 5 (CC-10 to CC-16 in `source-systems.md`); gRPC's rule that a server never gives a call
//! more time than its caller did.

mod config;
mod endpoint;
mod error;
mod event;
mod layer;
mod state;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::{Deadline, Timeout};
pub(crate) use endpoint::{call_until, wait_until};
pub use error::Elapsed;
pub use event::Event;
pub use layer::{DeadlineHandle, DeadlineLayer, TimeoutHandle, TimeoutLayer};
