//! The pooled client from outside the crate: over a transport, a source, a balancer and a retry that kit does not know.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod close;
mod explain;
mod metrics;
mod net;
mod out;
mod parts;
mod retries;
mod settings;
