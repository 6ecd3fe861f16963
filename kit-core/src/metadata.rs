//! What travels beside a request: HTTP headers, gRPC metadata, and the same for what goes back.

use std::fmt;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;

/// Writes no padding, as gRPC asks, and reads both forms, since peers differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Pairs that travel beside a request or a response.
///
/// Keys are case-insensitive. A value is visible ASCII (with spaces), or any bytes under a key that ends in `-bin`; a key
/// may have several. Everything together has at most [`LIMIT`](Self::LIMIT) bytes; what would pass it is refused whole and
/// nothing changes. Only what a transport received and already bounded itself ([`received`](Self::received)) may be larger.
///
/// ```
/// use kit_core::Metadata;
///
/// let mut metadata = Metadata::default();
/// metadata.insert("X-Tenant", "acme")?;
/// metadata.insert_bin("key-bin", &[0, 255])?;
/// assert_eq!(metadata.get("x-tenant"), Some("acme"));
/// assert_eq!(metadata.get_bin("KEY-BIN"), Some(vec![0, 255]));
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Source
/// gRPC over HTTP/2 for keys, `-bin` and the limit of 8 KiB; RFC 9113, 10.5.1 for what a pair weighs.
#[derive(Clone, Default)]
pub struct Metadata {
    headers: HeaderMap,
}

impl Metadata {
    /// How much all pairs may weigh, in bytes: each its key, its value and 32.
    pub const LIMIT: usize = 8 * 1024;

    /// What a transport received, unchecked: its own limit on headers has bounded it.
    pub fn received(headers: HeaderMap) -> Self {
        Self { headers }
    }

    /// Sets the only value of `key`.
    ///
    /// # Errors
    /// `InvalidArgument` for a key or value that cannot travel; `ResourceExhausted` past the limit. Nothing changes then.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let (name, value) = (text_name(key)?, text_value(value)?);
        let freed = self.headers.get_all(&name).iter().map(|old| weight(&name, old)).sum();
        self.room_for(&name, &value, freed)?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Adds a value to `key`.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn append(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let (name, value) = (text_name(key)?, text_value(value)?);
        self.room_for(&name, &value, 0)?;
        self.headers.append(name, value);
        Ok(())
    }

    /// Sets the only value of a key that ends in `-bin` to any bytes. On the wire they are base64, and weigh as that.
    ///
    /// # Errors
    /// As [`insert`](Self::insert); `InvalidArgument` also for a key that does not end in `-bin`.
    pub fn insert_bin(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let (name, value) = (binary_name(key)?, binary_value(value));
        let freed = self.headers.get_all(&name).iter().map(|old| weight(&name, old)).sum();
        self.room_for(&name, &value, freed)?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Adds bytes to a key that ends in `-bin`.
    ///
    /// # Errors
    /// As [`insert_bin`](Self::insert_bin).
    pub fn append_bin(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let (name, value) = (binary_name(key)?, binary_value(value));
        self.room_for(&name, &value, 0)?;
        self.headers.append(name, value);
        Ok(())
    }

    /// The first value of `key`, if it is text.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.headers.get(key)?.to_str().ok()
    }

    /// Every value of `key` that is text, in the order they came.
    pub fn get_all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(key).iter().filter_map(|value| value.to_str().ok())
    }

    /// The first bytes of a `-bin` key.
    pub fn get_bin(&self, key: &str) -> Option<Vec<u8>> {
        self.get_all_bin(key).next()
    }

    /// Every value of a `-bin` key, in the order they came, also where a proxy joined them by commas. What is no base64 is
    /// passed over.
    pub fn get_all_bin(&self, key: &str) -> impl Iterator<Item = Vec<u8>> {
        let values = ends_in_bin(key).then(|| self.headers.get_all(key));
        let values = values.into_iter().flatten().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        values.filter_map(|value| BASE64.decode(value.trim_ascii()).ok())
    }

    /// Takes every value of `key` out.
    pub fn remove(&mut self, key: &str) {
        if let Ok(name) = name(key) {
            self.headers.remove(name);
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// What all pairs weigh, in bytes; compare [`LIMIT`](Self::LIMIT).
    pub fn size(&self) -> usize {
        self.headers.iter().map(|(name, value)| weight(name, value)).sum()
    }

    /// Adds every pair of `other`.
    ///
    /// # Errors
    /// `ResourceExhausted` past the limit; nothing is added then.
    pub fn extend(&mut self, other: &Metadata) -> Result<(), Error> {
        if self.size() + other.size() > Self::LIMIT {
            return Err(too_large());
        }
        for (name, value) in &other.headers {
            self.headers.append(name.clone(), value.clone());
        }
        Ok(())
    }

    /// The pairs as a header map, for a transport or for whoever needs bytes that are no text.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The header map itself, unchecked: for bindings, which write what their wire allows.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The header map, moved out.
    pub fn into_headers(self) -> HeaderMap {
        self.headers
    }

    fn room_for(&self, name: &HeaderName, value: &HeaderValue, freed: usize) -> Result<(), Error> {
        if self.size() - freed + weight(name, value) > Self::LIMIT { Err(too_large()) } else { Ok(()) }
    }
}

/// The keys alone: a value may be a secret.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.headers.keys().map(HeaderName::as_str)).finish()
    }
}

impl TryFrom<HeaderMap> for Metadata {
    type Error = Error;

    /// Takes the pairs within the limit.
    ///
    /// # Errors
    /// `ResourceExhausted` past it.
    fn try_from(headers: HeaderMap) -> Result<Self, Error> {
        let metadata = Self { headers };
        if metadata.size() > Self::LIMIT { Err(too_large()) } else { Ok(metadata) }
    }
}

fn weight(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len() + 32
}

fn name(key: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(key.as_bytes())
        .map_err(|cause| Error::boundary(crate::Code::InvalidArgument, cause).with_message("a metadata key is invalid"))
}

fn text_name(key: &str) -> Result<HeaderName, Error> {
    let name = name(key)?;
    if is_binary(&name) {
        return Err(Error::invalid_argument("a metadata key that ends in -bin takes bytes").with_field("key", &name));
    }
    Ok(name)
}

fn binary_name(key: &str) -> Result<HeaderName, Error> {
    let name = name(key)?;
    if !is_binary(&name) {
        return Err(Error::invalid_argument("a binary metadata key ends in -bin").with_field("key", &name));
    }
    Ok(name)
}

fn binary_value(bytes: &[u8]) -> HeaderValue {
    HeaderValue::try_from(BASE64.encode(bytes)).expect("base64 is ASCII")
}

fn text_value(value: &str) -> Result<HeaderValue, Error> {
    // Header values may hold a tab and bytes above 0x7f; gRPC's may not, and what travels must travel everywhere.
    if !value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Err(Error::invalid_argument("a metadata value is not visible ASCII"));
    }
    Ok(HeaderValue::from_str(value).expect("visible ASCII is a header value"))
}

fn is_binary(name: &HeaderName) -> bool {
    name.as_str().ends_with("-bin")
}

fn ends_in_bin(key: &str) -> bool {
    key.len() >= 4 && key.as_bytes()[key.len() - 4..].eq_ignore_ascii_case(b"-bin")
}

fn too_large() -> Error {
    Error::resource_exhausted("metadata is larger than 8 KiB").with_reason("metadata_too_large")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use proptest::prelude::*;

    #[test]
    fn keys_have_no_case_and_may_have_several_values() {
        let mut metadata = Metadata::default();
        metadata.append("X-Tag", "a").unwrap();
        metadata.append("x-tag", "b").unwrap();
        assert_eq!(metadata.get_all("X-TAG").collect::<Vec<_>>(), ["a", "b"]);
        metadata.insert("x-Tag", "c").unwrap();
        assert_eq!(metadata.get_all("x-tag").collect::<Vec<_>>(), ["c"]);
        metadata.remove("X-tag");
        assert!(metadata.is_empty());
    }

    #[test]
    fn past_8_kib_a_pair_is_refused_and_nothing_is_kept() {
        let mut metadata = Metadata::default();
        metadata.insert("a", &"x".repeat(Metadata::LIMIT - 33)).unwrap();
        assert_eq!(metadata.size(), Metadata::LIMIT);
        for error in [
            metadata.append("b", "").unwrap_err(),
            metadata.insert("b", "").unwrap_err(),
            metadata.insert_bin("b-bin", b"").unwrap_err(),
            metadata.append_bin("b-bin", b"").unwrap_err(),
            metadata.extend(&metadata.clone()).unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::ResourceExhausted);
        }
        assert_eq!((metadata.len(), metadata.size()), (1, Metadata::LIMIT));
        // A value in the place of another needs room for the difference only.
        metadata.insert("A", "short").unwrap();
        metadata.append("b", "now there is room").unwrap();
    }

    #[test]
    fn a_received_header_map_is_checked_or_taken_as_it_is() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::try_from("x".repeat(9_000)).unwrap());
        assert_eq!(Metadata::try_from(headers.clone()).unwrap_err().code(), Code::ResourceExhausted);
        assert_eq!(Metadata::received(headers).len(), 1);
    }

    #[test]
    fn what_cannot_travel_is_refused() {
        let mut metadata = Metadata::default();
        for (key, value) in [("", "v"), ("a b", "v"), ("a\n", "v"), ("a", "v\r\nx: y"), ("a", "\u{e9}"), ("a-bin", "v")]
        {
            assert_eq!(metadata.insert(key, value).unwrap_err().code(), Code::InvalidArgument, "{key:?} {value:?}");
        }
        assert_eq!(metadata.insert_bin("a", b"v").unwrap_err().code(), Code::InvalidArgument);
        assert!(metadata.is_empty());
    }

    #[test]
    fn binary_values_are_read_with_and_without_padding() {
        for text in ["AP8", "AP8="] {
            let mut headers = HeaderMap::new();
            headers.insert("k-bin", HeaderValue::from_static(text));
            assert_eq!(Metadata::received(headers).get_bin("k-bin"), Some(vec![0, 255]));
        }
    }

    #[test]
    fn a_binary_key_has_several_values_apart_or_joined_by_a_comma() {
        let mut metadata = Metadata::default();
        metadata.append_bin("k-bin", &[1]).unwrap();
        metadata.append_bin("K-bin", &[2, 3]).unwrap();
        assert_eq!(metadata.get_all_bin("k-BIN").collect::<Vec<_>>(), [vec![1], vec![2, 3]]);
        assert_eq!(metadata.get_bin("k-bin"), Some(vec![1]));
        assert_eq!(metadata.append_bin("k", &[1]).unwrap_err().code(), Code::InvalidArgument);
        // A proxy may have joined them; what is no base64 is nobody's value.
        let mut headers = HeaderMap::new();
        headers.append("k-bin", HeaderValue::from_static("AQ, AgM=,%"));
        headers.append("k-bin", HeaderValue::from_static("BA"));
        let received = Metadata::received(headers);
        assert_eq!(received.get_all_bin("k-bin").collect::<Vec<_>>(), [vec![1], vec![2, 3], vec![4]]);
        assert_eq!(received.get_all_bin("k").count(), 0);
    }

    #[test]
    fn values_stay_out_of_a_debug_line() {
        let mut metadata = Metadata::default();
        metadata.insert("authorization", "Bearer secret").unwrap();
        assert_eq!(format!("{metadata:?}"), r#"{"authorization"}"#);
    }

    proptest! {
        #[test]
        fn bytes_survive_a_binary_key(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut metadata = Metadata::default();
            metadata.insert_bin("any-bin", &bytes).unwrap();
            prop_assert_eq!(metadata.get_bin("any-bin"), Some(bytes));
        }

        #[test]
        fn nothing_inserted_ever_breaks_a_header(key in ".{0,20}", value in ".{0,40}") {
            let mut metadata = Metadata::default();
            if metadata.insert(&key, &value).is_ok() {
                prop_assert_eq!(metadata.get(&key), Some(value.as_str()));
            } else {
                prop_assert!(metadata.is_empty());
            }
        }
    }
}
