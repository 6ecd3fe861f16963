//! HTTP/1.1 and HTTP/2, both ways.

mod body;
pub mod client;
pub mod deadline;
mod hpack;
#[cfg(any(feature = "grpc", feature = "jsonrpc"))]
pub(crate) mod keep;
pub mod ndjson;
pub mod problem;
pub mod server;
mod status;
mod timer;

pub use body::{Body, BodyTooLarge};
pub use status::{code_of, status_of};

/// A request as it goes through the stack of a server. Its headers are the context's inbound metadata
/// ([`kit_core::bridge`]).
pub type Request = ::http::Request<Body>;

/// A response of a server.
pub type Response = ::http::Response<Body>;
