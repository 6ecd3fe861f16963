//! Messages to bodies and back: each behind five bytes, a flag and its length.
//!
//! By hand, on kit's codecs: tonic's decoder sets aside what a length claims, up to its limit, and speaks its own status and traits.
//!
//! # Source
//! gRPC over HTTP/2, `Length-Prefixed-Message`; `doc/compression.md`.

mod coding;
mod error;
mod read;
#[cfg(test)]
mod tests;
mod turn;
mod write;

pub(crate) use coding::{ACCEPT_ENCODING, Coding, ENCODING};
pub use error::FrameError;
pub(crate) use read::{Frames, read};
pub(crate) use write::{Form, Writing, write};

/// A flag, and the length of the message in four bytes.
const PREFIX: usize = 5;
