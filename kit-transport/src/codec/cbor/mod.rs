mod access;
mod de;
mod head;
mod item;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use kit_core::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::de::Reader;
use super::buffer::written;
use super::scan::{self, Names, scan};
use super::{Codec, Decode, Encode};

/// CBOR by serde, at most [`DEPTH`](Self::DEPTH) levels deep. Feature `cbor`.
///
/// A struct is a map with the names of its fields. Lengths may be given or left open, floats have any width and may be written as whole
/// numbers; a tag that a type does not ask for, by those of `ciborium::tag`, is passed over. A field that stands twice is an error where a
/// struct is read, and the last one wins where a map is; an array that holds more than is read is refused, as it is in JSON.
///
/// ```
/// use kit_transport::codec::{Cbor, Decode as _, Encode as _};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Deserialize, PartialEq, Serialize)]
/// struct Text { s: String }
///
/// let bytes = Cbor.encode(&Text { s: "a".into() })?;
/// assert_eq!(&bytes[..], b"\xa1\x61s\x61a");
/// let text: Text = Cbor.decode(&bytes)?;
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Source
/// RFC 8949.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cbor;

impl Cbor {
    /// How deep arrays, maps and tags may nest.
    pub const DEPTH: usize = scan::DEPTH;
}

const NAMES: Names =
    Names { line: "CBOR", too_deep: "cbor_too_deep", malformed: "cbor_malformed", mismatch: "cbor_mismatch" };

impl Codec for Cbor {
    fn content_type(&self) -> &'static str {
        "application/cbor"
    }

    fn reads(&self, essence: &str) -> bool {
        essence == "application/cbor" || (essence.starts_with("application/") && essence.ends_with("+cbor"))
    }
}

impl<T: Serialize + ?Sized> Encode<T> for Cbor {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        written(|buffer| ciborium::into_writer(value, buffer))
    }
}

impl<T: DeserializeOwned> Decode<T> for Cbor {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        scan(bytes, head::head).map_err(|fault| NAMES.fault(fault))?;
        T::deserialize(&mut Reader::new(bytes)).map_err(|error| NAMES.mismatch(error))
    }
}
