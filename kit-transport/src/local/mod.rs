//! Calls to a service in the same process, as if there were a wire between: for a program that holds both sides today and may
//! be cut in two tomorrow, and for tests of what a caller sees.
//!
//! No value is serialized and no task spawned: request and answer are moved, and the callee runs on its caller's task. All else
//! is as on a wire:
//!
//! | | |
//! |---|---|
//! | context | The callee has one of its own: method and request id are the caller's, extensions and scopes are not. |
//! | deadline | The caller's, or what the callee [allows](Local::max_time) if that is earlier. It ends the call here, whatever the callee does. |
//! | metadata | What is outbound here is inbound there, and what is outbound there is inbound here, with an error too. |
//! | cancellation | A call that is dropped drops the callee's and tells its token. |
//! | an error | The caller gets its code, public line, reason and id, its hint where the code does not say as much, and the [details](kit_core::failure) of a failure. |
//! | a panic | `Internal`, with the id under which the callee's layers logged it. |
//! | a stream | Ends at the deadline; dropped early, it drops its source. An error in it crosses as any other. |
//!
//! [`endpoint`] calls one that answers with one message, whether it is asked with one or with [`Messages`](crate::codec::Messages);
//! [`streaming`] one that answers with many.
//!
//! What caused an error stays behind, with the fields for the log, and so does a word on its
//! [outcome](kit_core::Error::with_outcome): the callee's own layers have seen them. A caller that could look into the causes of
//! its callee would break on the day of the cut.
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, Method, endpoint_fn};
//! use kit_transport::local;
//!
//! static COUNT: Method = Method::new("stringsvc", "count").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // The service: with its server's layers round it, if it has any.
//! let service = endpoint_fn(async |cx, text: String| match text.is_empty() {
//!     true => Err(Error::invalid_argument("the text is empty").with_reason("empty_string")),
//!     false => {
//!         cx.outbound_mut().insert("x-counted", "chars")?;
//!         Ok(text.chars().count())
//!     }
//! });
//!
//! let count = local::endpoint(&COUNT, service);
//! let mut cx = Context::new();
//! assert_eq!(count.call(&mut cx, "hello".into()).await?, 5);
//! assert!(cx.outbound().is_none()); // that was the callee's word to its caller, not ours to our own
//!
//! let error = count.call(&mut cx, String::new()).await.unwrap_err();
//! assert_eq!(error.reason(), Some("empty_string"));
//! # Ok(()) }
//! ```
//!
//! # Source
//! Waldo and others, "A Note on Distributed Computing": what is local may look remote, never the other way round. gRPC's
//! in-process transport for the contexts of both sides.

mod call;
mod endpoint;
mod error;
mod stream;
#[cfg(test)]
mod tests;

pub use endpoint::{Local, endpoint};
pub use stream::{LocalStream, streaming};
