//! What a body is, going by its headers.

use std::error::Error as StdError;
use std::fmt;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use kit_core::{Code, Error};

use crate::codec::urlencoded::COMPLAINT;
use crate::codec::{Codec, shown};
use crate::http::problem::Rejection;
use crate::http::server::offer::{Codecs, listed};

/// A body that nobody here reads, going by its headers: 415. [`Rejection::UnsupportedMediaType`] is its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaTypeError {
    /// No `Content-Type`.
    Missing,
    /// More than one `Content-Type`: two readers could believe two of them.
    Repeated,
    /// A media type that the codec does not read, or none at all.
    Unsupported,
    /// A `charset` other than UTF-8.
    Charset,
    /// A `Content-Encoding` other than `identity`.
    Coding,
}

impl fmt::Display for MediaTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MediaTypeError::Missing => "no content type",
            MediaTypeError::Repeated => "more than one content type",
            MediaTypeError::Unsupported => "an unknown content type",
            MediaTypeError::Charset => "a charset other than utf-8",
            MediaTypeError::Coding => "a content coding",
        })
    }
}

/// By hand: every variant has the one source that sets the status.
impl StdError for MediaTypeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        static STATUS: Rejection = Rejection::UnsupportedMediaType;
        Some(&STATUS)
    }
}

/// What is read in the place of a content type that is not: the `Accept` of a 415.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is read here is {types}")]
pub struct Readable {
    types: String,
    source: MediaTypeError,
}

impl Readable {
    /// The media types, as a list.
    pub fn types(&self) -> &str {
        &self.types
    }
}

/// Whether `codec` reads the body that these headers describe: one content type that it knows, no charset but UTF-8, no content
/// coding.
///
/// # Errors
/// 415, with the causes [`MediaTypeError`] and [`Readable`], which becomes its `Accept`.
///
/// # Source
/// RFC 9110, 8.3, 8.4 and 15.5.16; RFC 8259, 8.1 for the charset.
pub fn accepts<C: Codec>(codec: &C, headers: &HeaderMap) -> Result<(), Error> {
    // Nearly every caller writes exactly what we write.
    let found = match only(headers) {
        Ok(value) if value == codec.accept_type() => Ok(()),
        Ok(value) => essence(value, |essence| codec.reads(essence)),
        Err(error) => Err(error),
    };
    match found {
        Ok(()) => uncoded(headers),
        Err(error) => Err(unsupported(error, codec.accept_type().to_owned(), headers)),
    }
}

/// The one of several codecs that reads the body which these headers describe, as [`accepts`] has it.
pub(in crate::http::server) fn find<K: Codecs>(codecs: &K, headers: &HeaderMap) -> Result<usize, Error> {
    let mut found = None;
    let checked = only(headers).and_then(|value| {
        essence(value, |essence| {
            found = (0..K::COUNT).find(|&codec| codecs.reads(codec, essence));
            found.is_some()
        })
    });
    match (checked, found) {
        (Ok(()), Some(codec)) => uncoded(headers).map(|()| codec),
        (checked, _) => {
            let error = checked.err().unwrap_or(MediaTypeError::Unsupported);
            Err(unsupported(error, listed(codecs, K::accept_type, ", "), headers))
        }
    }
}

fn only(headers: &HeaderMap) -> Result<&HeaderValue, MediaTypeError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(MediaTypeError::Missing),
        (Some(_), Some(_)) => Err(MediaTypeError::Repeated),
        (Some(value), None) => Ok(value),
    }
}

/// Whether the body is as it was written, without a content coding: nothing here undoes one.
///
/// # Errors
/// 415, with the cause [`MediaTypeError::Coding`] and `Accept-Encoding: identity`.
///
/// # Source
/// RFC 9110, 12.5.3: the header in the answer tells an unknown coding from an unknown type.
pub fn uncoded(headers: &HeaderMap) -> Result<(), Error> {
    let plain = headers.get_all(CONTENT_ENCODING).iter().all(|value| {
        let mut codings = value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
    });
    if plain {
        return Ok(());
    }
    let coding = headers.get(CONTENT_ENCODING).map_or(&b""[..], |value| value.as_bytes());
    Err(Error::boundary(Code::InvalidArgument, MediaTypeError::Coding)
        .with_message("the body must have no content coding")
        .with_reason("unsupported_content_coding")
        .with_field("content_encoding", shown(&String::from_utf8_lossy(coding), COMPLAINT)))
}

/// The refusal of a body for its content type, where one of `types` is read.
pub(crate) fn unsupported(error: MediaTypeError, types: String, headers: &HeaderMap) -> Error {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let message = match error {
        MediaTypeError::Repeated => "there is more than one content type".into(),
        MediaTypeError::Charset => "the charset must be utf-8".into(),
        _ if types.contains(',') => format!("the content type must be one of {types}"),
        _ => format!("the content type must be {types}"),
    };
    Error::boundary(Code::InvalidArgument, Readable { types, source: error })
        .with_message(message)
        .with_reason("unsupported_media_type")
        .with_field("content_type", shown(&String::from_utf8_lossy(value), COMPLAINT))
}

fn essence(value: &HeaderValue, reads: impl FnOnce(&str) -> bool) -> Result<(), MediaTypeError> {
    let value = value.to_str().map_err(|_| MediaTypeError::Unsupported)?;
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim_ascii().to_ascii_lowercase();
    let is_type = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if !is_type || !reads(&essence) {
        return Err(MediaTypeError::Unsupported);
    }
    match Parameters::new(parameters).all(|(name, value)| !name.eq_ignore_ascii_case("charset") || is_utf8(value)) {
        true => Ok(()),
        false => Err(MediaTypeError::Charset),
    }
}

pub(in crate::http::server) fn is_utf8(charset: &str) -> bool {
    let bare = charset.strip_prefix('"').and_then(|charset| charset.strip_suffix('"')).unwrap_or(charset);
    bare.eq_ignore_ascii_case("utf-8")
}

pub(in crate::http::server) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// What follows the semicolon, as names and values: `; charset=utf-8; x="a;b"`.
pub(in crate::http::server) struct Parameters<'a>(Elements<'a>);

impl<'a> Parameters<'a> {
    pub(in crate::http::server) fn new(text: &'a str) -> Self {
        Self(Elements::new(text, b';'))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let parameter = self.0.next()?;
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        Some((name.trim_ascii(), value.trim_ascii()))
    }
}

/// What stands between separators that no quotes enclose.
pub(in crate::http::server) struct Elements<'a> {
    rest: &'a str,
    separator: u8,
}

impl<'a> Elements<'a> {
    pub(in crate::http::server) fn new(rest: &'a str, separator: u8) -> Self {
        Self { rest, separator }
    }

    fn end(&self) -> usize {
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => return byte == self.separator && !quoted,
            }
            false
        });
        end.unwrap_or(self.rest.len())
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (element, rest) = self.rest.split_at(self.end());
        self.rest = rest.get(1..).unwrap_or_default();
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http::header::HeaderName;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{ECHO_LIMIT, Json};
    use crate::http::problem;

    fn headers(pairs: &[(HeaderName, &[u8])]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect()
    }

    fn of_type(value: &str) -> Result<(), MediaTypeError> {
        checked(&headers(&[(CONTENT_TYPE, value.as_bytes())]))
    }

    fn checked(headers: &HeaderMap) -> Result<(), MediaTypeError> {
        accepts(&Json, headers).map_err(|error| {
            assert_eq!(problem::status(&error), StatusCode::UNSUPPORTED_MEDIA_TYPE);
            *error.cause().expect("the cause")
        })
    }

    #[test]
    fn json_is_read_under_its_names() {
        for value in [
            "application/json",
            "Application/JSON",
            " application/json ",
            "application/json;charset=utf-8",
            "application/json ; Charset=\"UTF-8\"",
            "application/json; x=\"a;charset=latin1\\\";\"; charset=utf-8",
            "application/json;",
            "application/vnd.shop.order+json; version=1",
        ] {
            assert_eq!(of_type(value), Ok(()), "{value:?}");
        }
    }

    #[test]
    fn any_other_content_type_is_refused() {
        for value in [
            "",
            "json",
            "text/json",
            "text/plain",
            "application/jsonp",
            "application/x-www-form-urlencoded",
            "application/json, application/json",
            "application/ json",
            "application/a b+json",
            "image/svg+json",
        ] {
            assert_eq!(of_type(value), Err(MediaTypeError::Unsupported), "{value:?}");
        }
        assert_eq!(checked(&HeaderMap::new()), Err(MediaTypeError::Missing));
        let json: &[u8] = b"application/json";
        assert_eq!(checked(&headers(&[(CONTENT_TYPE, json), (CONTENT_TYPE, json)])), Err(MediaTypeError::Repeated));
        assert_eq!(checked(&headers(&[(CONTENT_TYPE, b"application/\xffjson")])), Err(MediaTypeError::Unsupported));
    }

    #[test]
    fn any_other_charset_is_refused() {
        for charset in ["latin1", "utf-16", "\"utf-8", "", "utf-8; charset=utf-16", "utf8"] {
            let value = format!("application/json; charset={charset}");
            assert_eq!(of_type(&value), Err(MediaTypeError::Charset), "{value:?}");
        }
        assert_eq!(of_type("application/json; charset"), Err(MediaTypeError::Charset));
    }

    #[test]
    fn any_content_coding_is_refused() {
        let json: (_, &[u8]) = (CONTENT_TYPE, b"application/json");
        for coding in ["gzip", "identity, br", "x", "\u{e9}"] {
            let headers = headers(&[json.clone(), (CONTENT_ENCODING, coding.as_bytes())]);
            assert_eq!(checked(&headers), Err(MediaTypeError::Coding), "{coding:?}");
            let answer = problem::response(&uncoded(&headers).unwrap_err());
            assert_eq!(
                (&answer.headers()["accept-encoding"], answer.headers().get("accept")),
                (&"identity".parse().unwrap(), None)
            );
        }
        for coding in ["identity", "IDENTITY", " identity , identity", ""] {
            assert_eq!(checked(&headers(&[json.clone(), (CONTENT_ENCODING, coding.as_bytes())])), Ok(()), "{coding:?}");
        }
        let second = headers(&[json, (CONTENT_ENCODING, b"identity"), (CONTENT_ENCODING, b"gzip")]);
        assert_eq!(checked(&second), Err(MediaTypeError::Coding));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused_without_an_echo(
            kind in "(application/json)?[\\x20-\\x7e]{0,300}",
            coding in proptest::option::of("[\\x20-\\x7e]{0,300}"),
        ) {
            let mut map = headers(&[(CONTENT_TYPE, kind.as_bytes())]);
            if let Some(coding) = coding {
                map.insert(CONTENT_ENCODING, HeaderValue::from_str(&coding).unwrap());
            }
            if let Err(error) = accepts(&Json, &map) {
                prop_assert_eq!(problem::status(&error), StatusCode::UNSUPPORTED_MEDIA_TYPE);
                prop_assert!(error.message().len() < 60, "{}", error.message());
                prop_assert!(error.fields().all(|(_, value)| value.len() <= ECHO_LIMIT));
            }
        }
    }
}
