//! Endpoints to and from a wire.
//!
//! A *binding* attaches an endpoint to a protocol: its decode and encode pair, and what happens around them. The endpoint knows
//! nothing of it.
//!
//! | module | feature | has |
//! |---|---|---|
//! | [`codec`] | one for each besides JSON | values to bytes and back |
//! | `http` | `http`, on by default | server binding, router, the server that hosts it, client binding; lines of JSON, events; `compression` of bodies |
//! | `grpc` | `grpc` | the same for its four kinds of call, on the same router, server and connections; health and reflection |
//! | `jsonrpc` | `jsonrpc` | named methods on one route of HTTP, and their client |
//! | `local` | `local` | calls to a service of the same process, as if there were a wire between |
//! | `testing` | `testing` | the contracts that every codec and every transport passes, one of your own too |

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
