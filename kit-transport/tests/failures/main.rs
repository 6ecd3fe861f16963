//! What a service fails with, as its caller has it: over each wire.
#![cfg(all(feature = "grpc", feature = "jsonrpc", feature = "local"))]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod any;
mod foreign;
mod hops;
mod streams;
mod support;
