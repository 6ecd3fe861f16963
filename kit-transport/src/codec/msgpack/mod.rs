mod head;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use kit_core::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::buffer::written;
use super::scan::{self, Names, scan};
use super::{Codec, Decode, Encode};

/// MessagePack by serde, at most [`DEPTH`](Self::DEPTH) levels deep. Feature `msgpack`.
///
/// A struct is written as a map with the names of its fields, so that both sides may add fields; it is read from an array of its
/// fields too, and from a map of their positions, as rmp-serde has it. A field that stands twice is an error where a struct is read, and the
/// last one wins where a map is. The format's integers have 64 bits: those of 128 are written as 16 bytes, and one of 64 that is negative is
/// read into a `u128` by its bits, by rmp-serde again.
///
/// ```
/// use kit_transport::codec::{Decode as _, Encode as _, MsgPack};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Deserialize, PartialEq, Serialize)]
/// struct Text { s: String }
///
/// let bytes = MsgPack.encode(&Text { s: "a".into() })?;
/// assert_eq!(&bytes[..], b"\x81\xa1s\xa1a");
/// let text: Text = MsgPack.decode(&bytes)?;
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Source
/// The specification, msgpack/msgpack `spec.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MsgPack;

impl MsgPack {
    /// How deep arrays and maps may nest.
    pub const DEPTH: usize = scan::DEPTH;
}

const NAMES: Names = Names {
    line: "MessagePack",
    too_deep: "msgpack_too_deep",
    malformed: "msgpack_malformed",
    mismatch: "msgpack_mismatch",
};

impl Codec for MsgPack {
    fn content_type(&self) -> &'static str {
        "application/msgpack"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["application/x-msgpack", "application/vnd.msgpack"]
    }
}

impl<T: Serialize + ?Sized> Encode<T> for MsgPack {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        written(|buffer| rmp_serde::encode::write_named(buffer, value))
    }
}

impl<T: DeserializeOwned> Decode<T> for MsgPack {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        scan(bytes, head::head).map_err(|fault| NAMES.fault(fault))?;
        rmp_serde::from_slice(bytes).map_err(|error| NAMES.mismatch(error))
    }
}
