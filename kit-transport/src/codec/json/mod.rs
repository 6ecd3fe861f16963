#[cfg(test)]
mod conformance;

use bytes::Bytes;
use kit_core::{Code, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::buffer::written;
use super::{Codec, Decode, ECHO_LIMIT, Encode, shown};

/// JSON by serde: RFC 8259, at most [`DEPTH`](Self::DEPTH) levels deep.
///
/// All of it must be UTF-8, without a byte order mark. A number must fit the type that it is read into, and an escape must spell
/// characters: half of a surrogate pair is refused. A field that stands twice in an object is an error where a struct is read, and the
/// last one wins where a map is. A float that is no number, or infinite, is written as `null`, as JavaScript does, and so is not read back
/// as a float.
///
/// ```
/// use kit_transport::codec::{Decode as _, Encode as _, Json};
///
/// let bytes = Json.encode(&[1, 2])?;
/// assert_eq!(bytes, "[1,2]");
/// let numbers: Vec<u8> = Json.decode(&bytes)?;
/// # Ok::<(), kit_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Json {
    /// How deep arrays and objects may nest; serde_json's own limit, here also for what is read over and ignored.
    pub const DEPTH: usize = 127;
}

impl Codec for Json {
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn reads(&self, essence: &str) -> bool {
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
    }
}

impl<T: Serialize + ?Sized> Encode<T> for Json {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        written(|buffer| serde_json::to_writer(buffer, value))
    }

    fn encode_to(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        serde_json::to_writer(out, value).map_err(Error::bug)
    }
}

impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        if too_deep(bytes) {
            return Err(Error::invalid_argument("the JSON is nested too deeply").with_reason("json_too_deep"));
        }
        // All of it at once, which costs less than text by text, and leaves out none that nobody reads.
        let text = std::str::from_utf8(bytes).map_err(|error| {
            Error::boundary(Code::InvalidArgument, error)
                .with_message("the JSON is not UTF-8")
                .with_reason("json_malformed")
        })?;
        serde_json::from_str(text).map_err(refusal)
    }
}

fn refusal(error: serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let (message, reason) = match error.classify() {
        // These texts quote the input: names of fields, and values of the wrong type.
        Category::Data => {
            (format!("the JSON does not fit: {}", shown(&error.to_string(), ECHO_LIMIT / 2)), "json_mismatch")
        }
        _ => (format!("the JSON is malformed at line {line}, column {column}"), "json_malformed"),
    };
    Error::boundary(Code::InvalidArgument, error).with_message(message).with_reason(reason)
}

/// serde_json counts the levels of what it reads, not of what it skips.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut text, mut escaped) = (0usize, false, false);
    for &byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > Json::DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Text {
        s: String,
    }

    fn refused(body: &[u8]) -> Error {
        Decode::<Text>::decode(&Json, body).expect_err("refused")
    }

    #[test]
    fn what_is_no_json_or_does_not_fit_is_refused_with_a_reason() {
        for (body, reason) in [
            (&b""[..], "json_malformed"),
            (b"{", "json_malformed"),
            (b"{\"s\":\"a\"} x", "json_malformed"),
            (b"{\"s\":\"\xff\"}", "json_malformed"),
            (b"{\"s\":1}", "json_mismatch"),
            (b"{}", "json_mismatch"),
            (b"{\"s\":\"a\",\"s\":\"b\"}", "json_mismatch"),
        ] {
            let error = refused(body);
            assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some(reason)), "{body:?}");
        }
    }

    #[test]
    fn depth_is_limited_also_where_nobody_reads() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let ignored = |depth: usize| format!("{{\"s\":\"[[[\",\"x\":{}}}", nested(depth));
        assert!(Decode::<Text>::decode(&Json, ignored(126).as_bytes()).is_ok());
        assert_eq!(refused(ignored(127).as_bytes()).reason(), Some("json_too_deep"));
        assert_eq!(refused(nested(100_000).as_bytes()).reason(), Some("json_too_deep"));
        assert!(Decode::<serde_json::Value>::decode(&Json, nested(127).as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_input_is_echoed_at_length_or_with_control_characters(input in "\\PC{0,2000}|[\\x00-\\x1f]{0,500}") {
            let body = serde_json::to_vec(&serde_json::json!({ "s": { input.clone(): input } })).unwrap();
            let error = refused(&body);
            prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
            prop_assert!(!error.message().chars().any(char::is_control));
        }

        #[test]
        fn an_unknown_variant_is_not_echoed_at_length(input in "[\\x00-\\x1f]{0,500}|\\PC{0,500}") {
            #[derive(Debug, Deserialize)]
            enum One {
                A,
            }
            let body = serde_json::to_vec(&input).unwrap();
            if let Err(error) = Decode::<One>::decode(&Json, &body) {
                prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message().len());
                prop_assert!(!error.message().chars().any(char::is_control));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Err(error) = Decode::<Text>::decode(&Json, &bytes) {
                prop_assert_eq!(error.code(), Code::InvalidArgument);
            }
        }

        #[test]
        fn what_is_written_is_read_back(s in ".*", times in 1usize..2_000) {
            let s = s.repeat(times.min(40_000 / s.len().max(1)));
            let bytes = Encode::<serde_json::Value>::encode(&Json, &serde_json::json!({ "s": s.clone() })).unwrap();
            prop_assert_eq!(Decode::<Text>::decode(&Json, &bytes).unwrap(), Text { s });
        }
    }
}
