//! The name of one request, kept across every hop: [`RequestId`], and the layer that gives one to each call.

mod endpoint;
mod id;
mod layer;

pub use endpoint::WithRequestId;
pub use id::RequestId;
pub use layer::RequestIdLayer;

/// The metadata key an id travels under.
pub const KEY: &str = "x-request-id";
