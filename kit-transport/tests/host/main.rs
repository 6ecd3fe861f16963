//! The server over real sockets. Nothing here waits for a time: each test waits for the event itself, and counts.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

#[cfg(feature = "compression")]
mod compression;
mod descriptors;
#[path = "../support/guard.rs"]
mod guard;
mod idle;
mod listen;
mod many;
mod restart;
mod support;
mod uploads;
