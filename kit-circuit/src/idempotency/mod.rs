//! A call that is sent twice is run once.
//!
//! A caller whose answer was lost cannot know whether its call has run. If it sends a key of its own with the call, and
//! the same key when it sends the call again, the service can tell the second message from a second call: the first
//! message with a key *runs*, those that come while it runs wait for the same answer, and those that come later get the
//! answer that was kept.
//!
//! ```
//! use kit_circuit::idempotency::{IdempotencyLayer, Replayed, header_key};
//! use kit_core::{Context, Endpoint as _, Error, Metadata, request_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let layer = IdempotencyLayer::new(Default::default(), |cx: &Context, _order: &u32| header_key(cx))?;
//! let handle = layer.handle();
//! let buy = request_fn(async |order: u32| Ok(format!("bought {order}"))).layer(layer);
//!
//! let message = || {
//!     let (mut cx, mut inbound) = (Context::new(), Metadata::default());
//!     inbound.insert("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324").unwrap();
//!     cx.set_inbound(inbound);
//!     cx
//! };
//! let (mut first, mut again) = (message(), message());
//! assert_eq!(buy.call(&mut first, 7).await?, "bought 7");
//! assert_eq!(buy.call(&mut again, 7).await?, "bought 7");
//! assert!(again.extensions().get::<Replayed>().is_some());
//! assert_eq!(handle.stats().runs.ok, 1);
//! # Ok(()) }
//! ```
//!
//! # What is kept
//! | the run ended with | a later message with the key |
//! |---|---|
//! | a success, or a business error | gets that answer |
//! | a refusal, or another error that says the call did not run ([`Retry::Safe`](kit_core::Retry::Safe), [`Retry::After`](kit_core::Retry::After)) | runs |
//! | a failure after which it may have run, a panic or a time-out among them | gets that error; it runs if [`rerun_unknown`](Config::rerun_unknown) says so |
//!
//! A run belongs to the layer, not to the caller that began it: it goes on when all who waited have left, within
//! [`limit`](Config::limit), so that there is an answer for the message that comes next. It has a context of its own, as a
//! [flight](crate::single_flight) does, and a panic in it is an error. What it wrote into that context reaches nobody.
//!
//! The memory is this process's alone, bounded in number and in time. Two instances of a service do not know each other's
//! keys: send the messages of one key to one instance (a consistent hash), or keep the keys where the data is, in the same
//! transaction.
//!
//! # Keys
//! [`header_key`] reads `idempotency-key`. A key is only as good as its author: make the caller part of it where callers
//! do not trust one another, and the operation where one layer stands before several. With a
//! [`fingerprint`](IdempotencyLayer::fingerprint) a key that comes again with another request is refused, with the cause
//! [`Refused`].
//!
//! # How it composes
//! - **On the server, inside auth and limits, outside the handler's own stack.** A limit outside refuses before a key is
//!   taken.
//! - **On the client** the key is made once for each call, outside retry and hedge, and sent with each attempt; the call
//!   may then be repeated as if it were idempotent, because it is.
//!
//! # Source
//! The IETF draft "The Idempotency-Key HTTP Header Field"; Stripe's idempotent requests, which keep failures too; CC-15 in
//! `source-systems.md`.

mod config;
mod endpoint;
mod error;
mod event;
mod layer;
mod table;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use endpoint::{Idempotency, Replayed, header_key};
pub use error::Refused;
pub use event::Event;
pub use layer::{Handle, IdempotencyLayer, Stats};
