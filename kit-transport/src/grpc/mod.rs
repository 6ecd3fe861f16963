//! gRPC over HTTP/2.

mod config;
#[allow(dead_code, unused_imports, reason = "until both sides are here")]
mod frame;
#[allow(dead_code, reason = "until both sides are here")]
pub(crate) mod media;
#[allow(dead_code, reason = "until both sides are here")]
mod status;

pub use crate::codec::Messages;
pub use config::Config;
pub use frame::FrameError;
