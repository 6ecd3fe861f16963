use bytes::Bytes;
use kit_core::Error;

use super::{Codec, Decode, Encode};

/// Writes by one codec and reads by another.
///
/// Of a client: the request goes out as a form, and the answer is JSON. Of a server it reads what its client writes, so the two are
/// there the other way round.
///
/// ```
/// # #[cfg(feature = "form")] {
/// use kit_core::{Error, Method};
/// use kit_transport::codec::{Form, Json, Pair};
/// use kit_transport::http::client::{Client, Config};
///
/// #[derive(serde::Serialize)]
/// struct Grant { grant_type: String, scope: Vec<String> }
///
/// #[derive(serde::Deserialize)]
/// struct Token { access_token: String }
///
/// static TOKEN: Method = Method::new("auth", "token").path("/oauth/token");
///
/// # fn token() -> Result<(), Error> {
/// let client = Client::new(Config::default())?;
/// let token = client
///     .post::<Grant, _>(&TOKEN, &"http://127.0.0.1:8080".parse()?, Pair { write: Form, read: Json })
///     .endpoint::<Token>()?;
/// # Ok(()) }
/// # token().unwrap(); }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair<W, R> {
    /// What it writes by.
    pub write: W,
    /// What it reads by.
    pub read: R,
}

impl<W: Codec, R: Codec> Codec for Pair<W, R> {
    fn content_type(&self) -> &'static str {
        self.write.content_type()
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.write.aliases()
    }

    fn accept_type(&self) -> &'static str {
        self.read.accept_type()
    }

    fn reads(&self, essence: &str) -> bool {
        self.read.reads(essence)
    }
}

impl<T: ?Sized, W: Encode<T>, R: Codec> Encode<T> for Pair<W, R> {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        self.write.encode(value)
    }

    fn encode_to(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write.encode_to(value, out)
    }
}

impl<T, W: Codec, R: Decode<T>> Decode<T> for Pair<W, R> {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        self.read.decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Json;

    #[derive(Clone, Copy)]
    struct Length;

    impl Codec for Length {
        fn content_type(&self) -> &'static str {
            "text/plain"
        }
    }

    impl Encode<str> for Length {
        fn encode(&self, value: &str) -> Result<Bytes, Error> {
            Ok(value.len().to_string().into())
        }
    }

    #[test]
    fn a_pair_writes_by_one_and_reads_by_the_other() {
        let pair = Pair { write: Length, read: Json };
        assert_eq!((pair.content_type(), pair.accept_type()), ("text/plain", "application/json"));
        assert!(pair.reads("application/json") && !pair.reads("text/plain"));
        assert_eq!(pair.encode("abc").unwrap(), "3");
        assert_eq!(Decode::<String>::decode(&pair, b"\"abc\"").unwrap(), "abc");
    }
}
