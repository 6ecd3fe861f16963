//! Endpoints to and from a wire.
//!
//! A *binding* attaches an endpoint to a protocol: its decode and encode pair, and what happens around them. The endpoint knows
//! nothing of it. [`codec`] turns values into bytes; [`http`] has the server binding, the router, the server that hosts it, and
//! the client binding; `grpc` has the same for its four kinds of call, on the same router; `jsonrpc` puts named methods on one of its routes; `local` calls a service of the same process as if there
//! were a wire between.

pub mod codec;
#[cfg(feature = "http")]
mod failure;
#[cfg(feature = "grpc")]
pub mod grpc;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "jsonrpc")]
pub mod jsonrpc;
#[cfg(feature = "local")]
pub mod local;
#[cfg(feature = "testing")]
pub mod testing;
