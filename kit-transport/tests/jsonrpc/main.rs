//! JSON-RPC over HTTP in memory: the specification's examples, what it leaves open, and our client against our server.

#![cfg(feature = "jsonrpc")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod answers;
mod batches;
mod calls;
mod client_batches;
mod ids;
mod layers;
mod specification;
mod support;
mod wire;
