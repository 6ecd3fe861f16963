//! The server over real sockets. Nothing here waits for a time: each test waits for the event itself, and counts.

mod descriptors;
mod listen;
mod many;
mod restart;
mod support;
mod uploads;
