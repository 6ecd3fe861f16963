//! A call to another service is a context of its own: the outermost layer of every client stack.
//!
//! A handler calls its clients with the context it was given. Without this layer what is meant for the callee would land in the
//! reply to the caller, [`method`](crate::Context::method) would name the handler's own method, and a stream of the callee would
//! make a unary handler look like a streaming one. [`Child`] opens a [child](crate::Context::child) instead, ends it with the
//! call, and lets nothing back but the time and what is [asked for](ChildLayer::returning).
//!
//! ```
//! use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_fn};
//!
//! static COUNT: Method = Method::new("stringsvc", "count");
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // What a transport would be: it sends what is outbound, and answers.
//! let wire = endpoint_fn(async |cx, text: String| {
//!     assert_eq!(cx.method().map(Method::name), Some("count"));
//!     cx.outbound_mut().insert("tenant", "acme")?;
//!     Ok(text.len())
//! });
//! let client = wire.layer(ChildLayer::new(&COUNT));
//!
//! let mut cx = Context::new();
//! assert_eq!(client.call(&mut cx, "hello".into()).await?, 5);
//! assert!(cx.outbound().is_none()); // it was for the callee
//! # Ok(()) }
//! ```

mod endpoint;
mod layer;
#[cfg(test)]
mod tests;

pub use endpoint::Child;
pub use layer::{ChildLayer, Returning};
