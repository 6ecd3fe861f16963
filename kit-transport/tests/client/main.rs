//! The client binding against servers written by hand on sockets: what is sent, what becomes of every answer, every fault and
//! every deadline. The clock stands still until a test moves it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod ages;
mod calls;
mod caps;
mod channel;
mod codecs;
mod deadlines;
mod faults;
mod frames;
mod goaway;
mod half_open;
mod http2;
mod lines;
mod pool;
mod raw;
mod rhythm;
mod services;
mod stale;
mod streams;
mod support;
