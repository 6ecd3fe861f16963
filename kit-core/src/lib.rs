//! The vocabulary of kit: what an operation is, what travels with a call, how it fails, and what wraps it.
//!
//! | | |
//! |---|---|
//! | [`Endpoint`] | one operation, callable: request in, response out |
//! | [`endpoint_fn`] and its siblings, [`middleware_fn`] | functions as endpoints and as middleware |
//! | [`Context`] | time, identity, metadata, outcome of one call; scopes, forks, children |
//! | [`Error`], [`Code`], [`Outcome`] | the one error and the one word on how a call ended |
//! | [`failure`] | what a service can fail with, as an enum that its callers match on |
//! | [`Streaming`], [`StreamEnd`] | answers of many messages, and what lasts to their end |
//! | [`bridge`] | endpoints, services and layers of tower, both ways |
//! | [`recover`], [`request_id`] | the two layers that every stack has |
//! | [`order`] | stacks whose order is checked when they are compiled |
//! | [`duration`] | durations in settings: `250ms`, `1m 30s`, `none` |
//! | [`copies`] | calls of which several are out, and one answer counts |
//! | [`sources`], [`Observer`], [`Classify`], [`Gate`], [`Factory`] | what the crates above share and tests set |
//! | [`heartbeat`], [`health`], [`lifecycle`] | is it alive, may it be called, in which order it starts and stops |
//!
//! It opens no socket. It spawns the tasks of a steward's ward, of a health check and of a lifecycle's parts, each owned by
//! what spawned it, and no other.
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, endpoint_fn, recover::RecoverLayer};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let uppercase = endpoint_fn(async |_cx, text: String| match text.is_empty() {
//!     true => Err(Error::invalid_argument("the text is empty").with_reason("empty_string")),
//!     false => Ok(text.to_uppercase()),
//! })
//! .layer(RecoverLayer::new());
//!
//! assert_eq!(uppercase.call(&mut Context::new(), "hello".into()).await?, "HELLO");
//! # Ok(()) }
//! ```

pub mod bridge;
pub mod child;
mod classify;
mod clock;
pub mod context;
pub mod copies;
pub mod duration;
mod endpoint;
pub mod error;
pub mod failure;
pub mod function;
mod gate;
pub mod health;
pub mod heartbeat;
mod instance;
pub mod lifecycle;
mod metadata;
mod method;
pub mod middleware;
mod observer;
pub mod order;
mod outcome;
pub mod recover;
pub mod request_id;
pub mod sources;
mod span;
pub mod stream;
pub mod task;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use child::{Child, ChildLayer};
pub use classify::{ByOutcome, Classify};
pub use context::{Attempt, Attempts, Cancel, Connection, Context, Extensions, Scope, Sizes};
pub use endpoint::{BoxEndpoint, Endpoint};
pub use error::{Boundary, BoxError, Code, Error, ErrorId, ResultExt, Retry};
pub use failure::Failure;
pub use function::{endpoint_fn, endpoint_with, request_fn, request_with};
pub use gate::{Gate, GateState};
pub use health::Health;
pub use instance::{Channel, Factory, Instance, Routed};
pub use lifecycle::Lifecycle;
pub use metadata::Metadata;
pub use method::{Kind, Method};
pub use middleware::{Next, middleware_fn, middleware_with};
pub use observer::Observer;
pub use outcome::Outcome;
pub use request_id::RequestId;
pub use span::{SpanContext, SpanId, TraceId};
pub use stream::{Ended, StreamEnd, Streaming};
pub use tower_layer::Layer;
