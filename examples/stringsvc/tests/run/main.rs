//! The program itself: started on a port of its own, called on every route, well and badly, and asked to stop.

mod discovery;
mod ends;
mod lines;
mod metrics;
mod proxying;
#[cfg(feature = "consul")]
mod registering;
mod routes;
mod settings;
mod support;
