//! The server side of HTTP, from a request of the wire to a response of the wire.

mod axum;
mod finalize;
mod host;
mod routing;
mod stages;
mod support;
