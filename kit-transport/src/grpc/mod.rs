//! gRPC over HTTP/2, on kit's own codecs, errors and streams.
//!
//! [`server`] puts endpoints on the router that HTTP has, [`client`] calls them over the connections that HTTP has; [`health`] and
//! [`reflection`] are services that kit brings along. Messages are prost's: derived by hand as in the examples, or generated; nothing
//! here needs `protoc`.

pub mod client;
mod config;
mod descriptor;
#[cfg(test)]
mod double;
mod frame;
pub mod health;
pub(crate) mod media;
pub mod reflection;
pub mod server;
pub(crate) mod status;

pub use crate::codec::Messages;
pub use config::Config;
pub use frame::FrameError;

/// Where gRPC has a method: `/{service}/{name}`.
pub(crate) fn path(method: &kit_core::Method) -> String {
    format!("/{}/{}", method.service(), method.name())
}
