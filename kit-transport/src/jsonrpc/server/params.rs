use std::fmt;

use bytes::Bytes;
use kit_core::Error;
use serde::de::value::Error as Mismatch;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::codec::{Decode as _, ECHO_LIMIT, Json, shown};

/// The parameters of a call as they came: what the layers round a method see as its request.
#[derive(Clone)]
pub struct Params(Kind);

#[derive(Clone)]
enum Kind {
    /// Valid JSON: an array or an object.
    Given(Bytes),
    Absent,
    /// Of no method: why.
    Refused(Error),
}

impl Params {
    pub(super) fn new(json: Option<Bytes>) -> Self {
        Self(json.map_or(Kind::Absent, Kind::Given))
    }

    pub(super) fn refused(error: Error) -> Self {
        Self(Kind::Refused(error))
    }

    /// The array or the object; `None` if there are no parameters.
    pub fn json(&self) -> Option<&str> {
        match &self.0 {
            Kind::Given(json) => std::str::from_utf8(json).ok(),
            Kind::Absent | Kind::Refused(_) => None,
        }
    }

    /// How long they are, in bytes.
    pub(super) fn len(&self) -> usize {
        self.json().map_or(0, str::len)
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match &self.0 {
            Kind::Given(json) => Json.decode(json).or_else(|error| match is_empty(json) {
                true => T::deserialize(Absent).map_err(|_| misfit(error)),
                false => Err(misfit(error)),
            }),
            Kind::Absent => T::deserialize(Absent).map_err(|mismatch| {
                let line = format!("there are no params: {}", shown(&mismatch.to_string(), ECHO_LIMIT / 2));
                Error::invalid_argument(line).with_reason("json_mismatch").with_cause(mismatch)
            }),
            Kind::Refused(error) => Err(error.clone()),
        }
    }

    pub(super) fn refusal(self) -> Option<Error> {
        match self.0 {
            Kind::Refused(error) => Some(error),
            Kind::Given(_) | Kind::Absent => None,
        }
    }
}

/// How many bytes, and none of them: they may be a secret.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Given(json) => write!(f, "Params({} bytes)", json.len()),
            Kind::Absent => f.write_str("Params(none)"),
            Kind::Refused(error) => write!(f, "Params({error})"),
        }
    }
}

/// What was read is valid JSON: a reader that calls it malformed found more elements than it reads, a number it has no room for, or
/// a text that Unicode does not have.
fn misfit(error: Error) -> Error {
    if error.reason() != Some("json_malformed") {
        return error;
    }
    error
        .with_message("the JSON does not fit: there is too much of it, or what cannot be held")
        .with_reason("json_mismatch")
}

/// Whether it is `[]` or `{}`.
fn is_empty(json: &[u8]) -> bool {
    matches!(json, [b'[', inside @ .., b']'] | [b'{', inside @ .., b'}'] if inside.trim_ascii().is_empty())
}

/// What is not there, read as what it may stand for: nothing, no element, no member.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_seq(Absent)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_seq(Absent)
    }

    fn deserialize_tuple_struct<V>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Mismatch>
    where
        V: Visitor<'de>,
    {
        visitor.visit_seq(Absent)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Absent)
    }

    fn deserialize_struct<V>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch>
    where
        V: Visitor<'de>,
    {
        visitor.visit_map(Absent)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct enum
        identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Absent {
    type Error = Mismatch;

    fn next_element_seed<T: serde::de::DeserializeSeed<'de>>(&mut self, _: T) -> Result<Option<T::Value>, Mismatch> {
        Ok(None)
    }
}

impl<'de> MapAccess<'de> for Absent {
    type Error = Mismatch;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, Mismatch> {
        Ok(None)
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Mismatch> {
        Err(serde::de::Error::custom("there is no member"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use kit_core::Code;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Two {
        a: u32,
        #[serde(default)]
        b: u32,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(Vec<u32>);

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Lax {
        a: Option<u32>,
    }

    fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
        let given = (!json.is_empty()).then(|| Bytes::copy_from_slice(json.as_bytes()));
        Params::new(given).read()
    }

    #[track_caller]
    fn fits<T: DeserializeOwned + Debug + PartialEq>(json: &str, value: T) {
        assert_eq!(read::<T>(json).unwrap(), value, "{json:?}");
    }

    #[track_caller]
    fn misfits<T: DeserializeOwned + Debug>(json: &str) {
        let error = read::<T>(json).unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("json_mismatch")), "{json:?}");
        assert!(error.message().len() <= ECHO_LIMIT);
    }

    #[test]
    fn parameters_fit_by_name_and_by_position() {
        fits(r#"{"b":2,"a":1}"#, Two { a: 1, b: 2 });
        fits("[1, 2]", Two { a: 1, b: 2 });
        fits("[1]", Two { a: 1, b: 0 });
        fits("[1,2,3]", vec![1, 2, 3]);
        fits("[1,2,3]", Wrapped(vec![1, 2, 3]));
        fits(r#"[1,"a"]"#, (1, "a".to_owned()));
        fits(r#"{"x":1}"#, BTreeMap::from([("x".to_owned(), 1)]));
    }

    #[test]
    fn what_does_not_fit_is_the_callers_mistake() {
        misfits::<Two>("[]");
        misfits::<Two>("[1,2,3]");
        misfits::<Two>(r#"["x"]"#);
        misfits::<(String,)>(r#"["\ud800"]"#);
        misfits::<(f64,)>("[1e400]");
        misfits::<Two>(r#"{"a":1,"a":2}"#);
        misfits::<Two>("");
        misfits::<(u32,)>("");
        misfits::<Vec<u32>>(r#"{"a":1}"#);
        misfits::<BTreeMap<String, u32>>("[1]");
        misfits::<()>("[1]");
        misfits::<u32>("");
    }

    #[test]
    fn no_parameters_are_what_has_no_parts() {
        for json in ["", "[]", "{}", "[ ]", "{\n}"] {
            fits(json, ());
            fits(json, Lax::default());
        }
        fits("", None::<Two>);
        fits("", Vec::<u32>::new());
        fits("[]", Wrapped(vec![]));
        fits("", Wrapped(vec![]));
        fits("", BTreeMap::<String, u32>::new());
    }
}
