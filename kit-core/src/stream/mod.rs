//! Streams, and how their end reaches the layers that were left long before it.
//!
//! `call` returns before a stream ends, and a generic layer cannot look into a response type. So a stream *announces itself*
//! through the context: [`Streaming::new`] leaves a [`StreamEnd`] there, and any layer hands what must last to that end, such as a
//! permit or a guard that wants the outcome. A unary call finds nothing there and pays nothing:
//!
//! ```
//! # use kit_core::{Context, Endpoint, Error};
//! # struct Permit;
//! # async fn layer<E: Endpoint<u32>>(inner: &E, cx: &mut Context, request: u32, permit: Permit) -> Result<E::Response, Error> {
//! let response = inner.call(cx, request).await?;
//! if let Some(end) = cx.stream() {
//!     end.attach(move |_ended| drop(permit)); // a stream: to its end
//! } // unary: the permit is dropped here
//! # Ok(response) }
//! ```

mod end;
mod streaming;
#[cfg(test)]
mod tests;

pub use end::{Ended, StreamEnd};
pub use streaming::Streaming;
