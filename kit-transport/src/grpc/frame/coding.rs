use std::io::Read as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::{GzEncoder, MultiGzDecoder};
use http::header::{HeaderMap, HeaderName};
use kit_core::Error;

use super::FrameError;

pub(crate) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
pub(crate) const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// How the messages of one direction may be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Coding {
    #[default]
    Identity,
    Gzip,
}

impl Coding {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
        }
    }

    /// Of what comes with these headers.
    ///
    /// # Errors
    /// `Unimplemented` for a coding that is not read, gzip among them unless it was chosen.
    pub(crate) fn named(headers: &HeaderMap, gzip: bool) -> Result<Coding, Error> {
        let Some(value) = headers.get(ENCODING) else { return Ok(Coding::Identity) };
        match value.as_bytes() {
            b"identity" => Ok(Coding::Identity),
            b"gzip" if gzip => Ok(Coding::Gzip),
            _ => Err(Error::unimplemented("the messages are compressed in a way that is not read here")
                .with_reason("unsupported_compression")),
        }
    }

    /// Of what goes to a peer who sent these headers.
    pub(crate) fn accepted(headers: &HeaderMap, gzip: bool) -> Coding {
        if !gzip {
            return Coding::Identity;
        }
        let mut codings =
            headers.get_all(ACCEPT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|&b| b == b','));
        match codings.any(|coding| coding.trim_ascii() == b"gzip") {
            true => Coding::Gzip,
            false => Coding::Identity,
        }
    }

    /// The message of a frame that says it is compressed. What `limit` does not allow is not inflated.
    pub(super) fn inflate(self, bytes: &[u8], limit: u32) -> Result<Bytes, FrameError> {
        if self == Coding::Identity {
            return Err(FrameError::NoCoding);
        }
        let mut message = Vec::new();
        let read = MultiGzDecoder::new(bytes).take(u64::from(limit) + 1).read_to_end(&mut message);
        match read {
            Err(_) => Err(FrameError::Damaged),
            Ok(size) if size as u64 > u64::from(limit) => Err(FrameError::TooLarge { limit }),
            Ok(_) => Ok(message.into()),
        }
    }
}

/// The bytes, deflated, if there are fewer of them.
pub(super) fn deflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Vec::new();
    // What is read from memory does not fail; if it did, the message would go as it is.
    GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed).ok()?;
    (packed.len() < bytes.len()).then_some(packed)
}
