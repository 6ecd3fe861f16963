use bytes::Bytes;
use kit_core::{BoxError, Code, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::urlencoded::{self, Fault};
use super::{Codec, Decode, Encode};

/// What HTML forms send, `application/x-www-form-urlencoded`. Feature `form`.
///
/// It is read as a [query](crate::http::server::extract::Query) is: names into the fields of a struct or the keys of a map, one value
/// each, several into a `Vec`. An optional field is `None` when it is absent and when it is empty. At most
/// [`FIELDS`](Self::FIELDS) of them. Nothing nests.
///
/// ```
/// use kit_transport::codec::{Decode as _, Encode as _, Form};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Deserialize, PartialEq, Serialize)]
/// struct Search { q: String, page: Option<u32>, #[serde(default)] tag: Vec<String> }
///
/// let bytes = Form.encode(&Search { q: "a b".into(), page: None, tag: vec!["x".into(), "y".into()] })?;
/// assert_eq!(bytes, "q=a+b&tag=x&tag=y");
/// let search: Search = Form.decode(&bytes)?;
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Source
/// WHATWG URL, `application/x-www-form-urlencoded`; stricter in that bad encoding is refused and not replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form;

impl Form {
    /// How many fields a form may have: more than a person fills in, and no more than a few hundred kilobytes once they are read.
    pub const FIELDS: usize = 4096;
}

impl Codec for Form {
    fn content_type(&self) -> &'static str {
        "application/x-www-form-urlencoded"
    }
}

impl<T: Serialize + ?Sized> Encode<T> for Form {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        serde_html_form::to_string(value).map(Bytes::from).map_err(Error::bug)
    }
}

impl<T: DeserializeOwned> Decode<T> for Form {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        let text = std::str::from_utf8(bytes).map_err(encoding)?;
        if memchr::memchr_iter(b'&', bytes).count() >= Self::FIELDS {
            let line = format!("the form has more than {} fields", Self::FIELDS);
            return Err(Error::invalid_argument(line).with_reason("form_too_many_fields"));
        }
        urlencoded::read(text).ok_or_else(|| encoding("a percent escape"))?.map_err(refusal)
    }
}

fn encoding(cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::InvalidArgument, cause)
        .with_message("the form is not UTF-8 in percent encoding")
        .with_reason("form_encoding")
}

fn refusal(fault: Fault) -> Error {
    let line = match &fault {
        // No form can be read into the type.
        Fault::Unfit(_) => return Error::bug(fault),
        Fault::Refused { name: Some(name), complaint } => format!("the field \"{name}\" does not fit: {complaint}"),
        Fault::Refused { name: None, complaint } => format!("the form does not fit: {complaint}"),
        Fault::Missing(name) => format!("the field \"{name}\" is missing"),
        Fault::Unknown(name) => format!("the field \"{name}\" is unknown"),
    };
    Error::boundary(Code::InvalidArgument, fault).with_message(line).with_reason("form_mismatch")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::codec::ECHO_LIMIT;

    #[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct Order {
        name: String,
        count: u32,
        gift: bool,
        weight: f64,
        kind: Kind,
        note: Option<String>,
        tag: Vec<String>,
    }

    #[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Small,
        VeryLarge,
    }

    fn decode<T: DeserializeOwned>(body: impl AsRef<[u8]>) -> Result<T, Error> {
        Form.decode(body.as_ref())
    }

    #[test]
    fn reads_what_a_form_sends() {
        let order: Order =
            decode("name=a+b%26c&count=2&gift=true&weight=0.5&kind=very_large&note=&tag=x&tag=&else=1").unwrap();
        let expected = Order {
            name: "a b&c".into(),
            count: 2,
            gift: true,
            weight: 0.5,
            kind: Kind::VeryLarge,
            note: None,
            tag: vec!["x".into(), String::new()],
        };
        assert_eq!(order, expected);
        assert_eq!(decode::<Order>("").unwrap(), Order::default());
    }

    #[test]
    fn what_does_not_fit_names_its_field() {
        for (body, line, reason) in [
            ("count=x", "the field \"count\" does not fit: invalid digit found in string", "form_mismatch"),
            ("count=1&count=2", "the field \"count\" does not fit: it is there more than once", "form_mismatch"),
            ("name=%", "the form is not UTF-8 in percent encoding", "form_encoding"),
            ("name=%ff", "the form is not UTF-8 in percent encoding", "form_encoding"),
        ] {
            let error = decode::<Order>(body).unwrap_err();
            assert_eq!((error.code(), error.message(), error.reason()), (Code::InvalidArgument, line, Some(reason)));
        }
        let error = decode::<Order>(b"name=\xff").unwrap_err();
        assert_eq!(error.reason(), Some("form_encoding"));
        assert!(decode::<Vec<u8>>("a=1").unwrap_err().is_bug());
    }

    #[test]
    fn the_number_of_fields_is_limited() {
        let form = |fields: usize| vec!["tag=x"; fields].join("&");
        assert_eq!(decode::<Order>(form(Form::FIELDS)).unwrap().tag.len(), Form::FIELDS);
        let error = decode::<Order>(form(Form::FIELDS + 1)).unwrap_err();
        assert_eq!(error.reason(), Some("form_too_many_fields"));
    }

    #[test]
    fn what_no_form_expresses_is_a_bug() {
        assert!(Form.encode(&7).unwrap_err().is_bug());
        assert!(Form.encode(&BTreeMap::from([("a", BTreeMap::from([("b", 1)]))])).unwrap_err().is_bug());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "(?s).{0,20}",
            count in any::<u32>(),
            gift in any::<bool>(),
            weight in -1e12f64..1e12,
            // What is empty is nothing.
            note in proptest::option::of("(?s).{1,9}"),
            tag in proptest::collection::vec("(?s).{0,9}", 0..5),
        ) {
            let order = Order { name, count, gift, weight, kind: Kind::VeryLarge, note, tag };
            let bytes = Form.encode(&order).unwrap();
            prop_assert_eq!(decode::<Order>(&bytes).unwrap(), order);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            text in "(name|count|tag|kind|%[0-9a-f]{2}|[&=+%]|\\PC){0,40}",
        ) {
            for body in [&body[..], text.as_bytes()] {
                if let Err(error) = decode::<Order>(body) {
                    prop_assert_eq!(error.code(), Code::InvalidArgument);
                    prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
                    prop_assert!(!error.message().chars().any(char::is_control));
                }
            }
        }
    }
}
