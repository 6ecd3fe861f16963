//! Values to bytes and back.
//!
//! A codec is a small value that a binding holds. It is safe to feed with a stranger's bytes: it answers an error with a line
//! that may be shown, never panics, never echoes more than [`ECHO_LIMIT`] bytes of what it was fed.

mod json;
mod shown;

use bytes::Bytes;
use kit_core::Error;

pub use json::Json;
pub(crate) use shown::shown;

/// How much of a stranger's input an error message may repeat, in bytes.
pub const ECHO_LIMIT: usize = 200;

/// A format: what its bytes are called.
pub trait Codec: Clone + Send + Sync + 'static {
    /// The media type it writes, such as `application/json`.
    fn content_type(&self) -> &'static str;

    /// Whether it reads this media type. `essence` has no parameters and is lower case.
    fn reads(&self, essence: &str) -> bool {
        essence == self.content_type()
    }
}

/// A codec that writes values of type `T`.
pub trait Encode<T: ?Sized>: Codec {
    /// The bytes of `value`.
    ///
    /// # Errors
    /// A bug: a value that this format cannot express.
    fn encode(&self, value: &T) -> Result<Bytes, Error>;
}

/// A codec that reads values of type `T`.
pub trait Decode<T>: Codec {
    /// The value of `bytes`.
    ///
    /// # Errors
    /// `InvalidArgument` with a line that may be shown.
    fn decode(&self, bytes: &[u8]) -> Result<T, Error>;
}
