//! Rate, errors, duration: what every service tells of its calls, and of the calls it makes.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `kit_server_requests_total` | `service`, `method`, `outcome`, `code` | calls that have ended |
//! | `kit_server_request_duration_seconds` | `service`, `method` | histogram of the time they took |
//! | `kit_server_requests_in_flight` | `service`, `method` | gauge of those that have not ended |
//! | `kit_server_fallback_answers_total` | `service`, `method`, `outcome` | calls that a [fallback](kit_core::Context::fallback) answered, by how they themselves had ended |
//!
//! A client's begin with `kit_client_`. `service` and `method` are those of the context's [`Method`](kit_core::Method), `unknown`
//! where it has none; `outcome` is the [`Outcome`](kit_core::Outcome) in its spelling for labels; `code` is the name of the
//! error's [`Code`](kit_core::Code), `OK` for a success, and `Unknown` for a call that answered no error and failed all the same,
//! such as a response of status 500. So labels come from statics and enums alone: a stranger adds no series. Should a process
//! have more methods than a family keeps label sets (117 for the histogram), the rest share `other`, as in every
//! [`Family`](crate::Family).
//!
//! Each call counts once, when it ends: with its outcome, as `cancelled` when it is dropped, as a `backend_error` of code
//! `Internal` when it panics. A call that answers with a stream ends with that stream. Place the layer outside of whatever
//! answers in the endpoint's stead (deadline, limit, breaker), so that their answers count, and outside of
//! [`recover`](kit_core::recover).
//!
//! A method's handles are resolved when it is first called. From then on a unary call costs five atomic additions, and takes no
//! lock, hashes nothing, allocates nothing; it reads the clock once, for all layers that measure.
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Method, request_fn};
//! use kit_metrics::{Registry, red::RedLayer};
//!
//! static COUNT: Method = Method::new("stringsvc", "count");
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new();
//! let count = request_fn(async |text: String| Ok(text.chars().count())).layer(RedLayer::server(&registry)?);
//!
//! let mut cx = Context::new();
//! cx.set_method(&COUNT);
//! count.call(&mut cx, "hello".into()).await?;
//!
//! let labels = [("service", "stringsvc"), ("method", "count"), ("outcome", "success"), ("code", "OK")];
//! assert_eq!(registry.snapshot().value("kit_server_requests_total", &labels), Some(1.0));
//! # Ok(()) }
//! ```
//!
//! # Source
//! Tom Wilkie, "The RED Method"; Prometheus' conventions for names.

mod bugs;
mod call;
mod endpoint;
mod handles;
mod layer;
mod methods;

pub use bugs::register_core;
pub use endpoint::Red;
pub use layer::RedLayer;
