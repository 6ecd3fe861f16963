//! The contracts of transports and codecs: all of kit's keep them, and what breaks a rule is found by its name.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod codecs;
mod flaws;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
#[cfg(feature = "jsonrpc")]
mod jsonrpc;
#[cfg(feature = "local")]
mod local;

/// Rules of the contract of transports about answers of many messages.
const STREAMS: [&str; 8] = [
    "streams items in their order, with metadata before them",
    "brings trailers at the end of a stream",
    "brings an error in a stream after the items before it",
    "brings an error in a stream as it was",
    "ends a stream whose source panics with an error",
    "stops the source of a stream that is dropped",
    "ends a stream at its deadline",
    "slows a source down to its reader",
];
/// About requests of many messages.
const REQUESTS: [&str; 3] =
    ["streams requests in their order", "answers between two requests", "stops a caller's stream with its call"];
/// About sizes.
const LIMITS: [&str; 2] = ["refuses a request that is too large", "refuses an answer that is too large"];
/// Those that a transport without a place for them behind a stream cannot show.
const ENDS: [&str; 2] = ["brings trailers at the end of a stream", "brings an error in a stream as it was"];
