//! The server side of HTTP, from a request of the wire to a response of the wire.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod axum;
mod finalize;
#[path = "../support/guard.rs"]
mod guard;
mod host;
mod routing;
mod stages;
mod support;
