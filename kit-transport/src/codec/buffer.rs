//! The bytes of an answer, in one allocation of the right size.

use std::cell::Cell;

use bytes::Bytes;
use kit_core::{BoxError, Error};

/// How large an answer may be that is written into the thread's buffer and copied out, in bytes; a larger one is handed on
/// without a copy.
const KEPT: usize = 8 * 1024;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What `write` writes. That it fails is a bug: it was given room, and what it writes is ours.
pub(super) fn written<E: Into<BoxError>>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, Error> {
    filled(|buffer| write(buffer).map_err(Error::bug))
}

/// What `write` writes.
pub(crate) fn filled(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Bytes, Error> {
    // Taken, not borrowed: a value may encode another one while it is serialized.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let bytes = match write(&mut buffer) {
        Err(error) => Err(error),
        // One allocation of the right size, where a vector of its own takes two and keeps room it does not need.
        Ok(()) if buffer.len() <= KEPT => Ok(Bytes::copy_from_slice(&buffer)),
        Ok(()) => Ok(Bytes::from(std::mem::take(&mut buffer))),
    };
    BUFFER.set(buffer);
    bytes
}
