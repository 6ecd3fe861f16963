//! Values to bytes and back.
//!
//! A codec is a small value that a binding holds. It is safe to feed with a stranger's bytes: it answers an error with a line
//! that may be shown, never panics, never echoes more than [`ECHO_LIMIT`] bytes of what it was fed, allocates nothing because a
//! length says so, and refuses what is nested too deeply before anything recurses.
//!
//! | codec | feature | it writes | it reads, too | depth | of a name that stands twice |
//! |---|---|---|---|---|---|
//! | [`Json`] | | `application/json` | `application/*+json` | 127 | a struct refuses it, in a map the last wins |
//! | [`MsgPack`] | `msgpack` | `application/msgpack` | `application/x-msgpack`, `application/vnd.msgpack` | 128 | as JSON |
//! | [`Cbor`] | `cbor` | `application/cbor` | `application/*+cbor` | 128 | as JSON |
//! | [`Protobuf`] | `protobuf` | `application/protobuf` | `application/x-protobuf`, `application/vnd.google.protobuf` | 100 | the last wins, messages are merged: the format's rule |
//! | [`Form`] | `form` | `application/x-www-form-urlencoded` | | 1 | refused, unless a sequence is read |
//!
//! What follows a value is refused; in Protobuf nothing can follow one. How large a body may be is the binding's limit:
//! [`BodyLimit`](crate::http::server::extract::BodyLimit) of a server, 2 MiB,
//! [`max_response_bytes`](crate::http::client::Config::max_response_bytes) of a client, 2 MiB. Bodies of many values are
//! [`http::ndjson`](crate::http::ndjson) and [`http::server::sse`](crate::http::server::sse). Several codecs for one endpoint are
//! [offered](mod@crate::http::server::offer); one way of writing and another of reading is a [`Pair`].
//!
//! # One of your own
//!
//! What it owes to who feeds it is tried by the contract of `testing::codec` (feature `testing`).
//!
//! ```
//! use bytes::Bytes;
//! use kit_core::{Error, endpoint_fn};
//! use kit_transport::codec::{Codec, Decode, Encode, Json};
//! use kit_transport::http::server::{Binding, Router, offer};
//!
//! /// One number a line.
//! #[derive(Clone, Copy)]
//! struct Lines;
//!
//! impl Codec for Lines {
//!     fn content_type(&self) -> &'static str {
//!         "text/plain"
//!     }
//! }
//!
//! impl Encode<Vec<u32>> for Lines {
//!     fn encode(&self, numbers: &Vec<u32>) -> Result<Bytes, Error> {
//!         Ok(numbers.iter().map(|number| format!("{number}\n")).collect::<String>().into())
//!     }
//! }
//!
//! impl Decode<Vec<u32>> for Lines {
//!     fn decode(&self, bytes: &[u8]) -> Result<Vec<u32>, Error> {
//!         let refused = || Error::invalid_argument("a line is no number").with_reason("lines_malformed");
//!         let text = std::str::from_utf8(bytes).map_err(|_| refused())?;
//!         text.lines().map(|line| line.parse().map_err(|_| refused())).collect()
//!     }
//! }
//!
//! let sorted = || endpoint_fn(async |_cx, mut numbers: Vec<u32>| {
//!     numbers.sort();
//!     Ok(numbers)
//! });
//! let service = Router::new()
//!     .post("/lines", Binding::new(sorted(), Lines, Lines))
//!     .post("/either", offer(sorted(), (Json, Lines)))
//!     .build()?;
//! # Ok::<(), Error>(())
//! ```

mod buffer;
#[cfg(all(test, any(feature = "cbor", feature = "msgpack")))]
mod cases;
#[cfg(feature = "cbor")]
mod cbor;
#[cfg(feature = "form")]
mod form;
mod json;
mod messages;
#[cfg(feature = "msgpack")]
mod msgpack;
mod pair;
#[cfg(feature = "protobuf")]
mod protobuf;
#[cfg(any(feature = "cbor", feature = "msgpack"))]
mod scan;
mod shown;
#[cfg(feature = "http")]
pub(crate) mod urlencoded;

use bytes::Bytes;
use kit_core::Error;

#[cfg(feature = "grpc")]
pub(crate) use buffer::filled;
#[cfg(feature = "cbor")]
pub use cbor::Cbor;
#[cfg(feature = "form")]
pub use form::Form;
pub use json::Json;
pub use messages::Messages;
#[cfg(feature = "msgpack")]
pub use msgpack::MsgPack;
pub use pair::Pair;
#[cfg(feature = "protobuf")]
pub use protobuf::Protobuf;
#[cfg(any(feature = "http", feature = "local"))]
pub(crate) use shown::clean;
pub(crate) use shown::shown;

/// How much of a stranger's input an error message may repeat, in bytes.
pub const ECHO_LIMIT: usize = 200;

/// A format: what its bytes are called.
pub trait Codec: Clone + Send + Sync + 'static {
    /// The media type it writes, such as `application/json`.
    fn content_type(&self) -> &'static str;

    /// Other names of what it writes, lower case: read, and good enough for a caller who asks for one of them. None by default.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The media type it asks for: in the `Accept` of a call, and of a refusal of another. The one it writes, unless it is a [`Pair`].
    fn accept_type(&self) -> &'static str {
        self.content_type()
    }

    /// Whether it reads this media type. `essence` has no parameters and is lower case.
    fn reads(&self, essence: &str) -> bool {
        essence == self.content_type() || self.aliases().contains(&essence)
    }
}

/// A codec that writes values of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not write values of type `{T}`",
    note = "`Json` and its like write what serde's `Serialize` is derived for, `Protobuf` what is a `prost::Message`; a codec of your own implements `Encode<{T}>`",
    note = "bodies of many values are written by `http::ndjson::NdJson`, whose module says how a client sends one"
)]
pub trait Encode<T: ?Sized>: Codec {
    /// The bytes of `value`.
    ///
    /// # Errors
    /// A bug: a value that this format cannot express.
    fn encode(&self, value: &T) -> Result<Bytes, Error>;

    /// Writes the bytes of `value` behind what is in `out`: for messages that follow one another. It copies what [`encode`](Self::encode)
    /// makes, unless a codec knows better. What it wrote before an error stays there.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    fn encode_to(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(&self.encode(value)?);
        Ok(())
    }
}

/// A codec that reads values of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not read values of type `{T}`",
    note = "`Json` and its like read what serde's `Deserialize` is derived for, `Protobuf` what is a `prost::Message`; a codec of your own implements `Decode<{T}>`",
    note = "bodies of many values are read by `http::ndjson::NdJson`, whose module says how"
)]
pub trait Decode<T>: Codec {
    /// The value of `bytes`.
    ///
    /// # Errors
    /// `InvalidArgument` with a line that may be shown.
    fn decode(&self, bytes: &[u8]) -> Result<T, Error>;
}
