//! gRPC's client against a server that is played by hand, stream by stream: what is sent, what becomes of every answer, every fault and
//! every deadline. The clock stands still until a test moves it.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod answers;
mod calls;
mod deadlines;
mod ends;
mod gzip;
mod hostile;
mod resets;
mod streams;
mod support;
