//! Endpoints as HTTP services.
//!
//! ```
//! use kit_core::{Context, Error, Method, request_fn};
//! use kit_transport::http::server::{Router, json};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Text { s: String }
//!
//! #[derive(Serialize)]
//! struct Value { v: usize }
//!
//! static COUNT: Method = Method::new("stringsvc", "count").path("/count").idempotent();
//!
//! let count = request_fn(async |text: Text| Ok(Value { v: text.s.chars().count() }));
//! let service = Router::new().post(&COUNT, json(count)).build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! A request passes, from the outside in: the [`RouterService`], which makes the context (identity, deadline, metadata) and
//! finds the route; the layers of the [`Router`]; the [`Binding`] with its stages before → decode → call → after → encode;
//! the endpoint. An error of any of them leaves as a [problem](crate::http::problem), and a
//! [finalizer](Router::finalize) hears of every end there is.

mod binding;
#[cfg(feature = "compression")]
pub mod compression;
mod edge;
pub mod extract;
mod finalize;
mod hook;
mod host;
pub mod offer;
pub mod reply;
mod route;
mod router;
mod service;
pub mod sse;

pub use binding::{Binding, json};
pub use finalize::{Finalize, Finished};
pub use hook::{After, Before};
pub(in crate::http) use host::Paced;
pub use host::{Bound, Config, Drained, Reading, ReadingKind, Refused, Server, Stats, TooSlow};
pub use offer::{Answers, Offer, offer};
pub use route::{Unrouted, methods};
#[cfg(feature = "jsonrpc")]
pub(crate) use router::Plain;
pub use router::{RouteError, RoutePath, Router};
pub use service::{ResponseFuture, RouterService};
