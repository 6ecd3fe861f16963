//! What requests and answers have in common: objects whose members are read as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::codec::{Codec, Json};

/// What requests and answers are called: JSON, also by the two names of their own that a draft gave them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope;

impl Codec for Envelope {
    fn content_type(&self) -> &'static str {
        Json.content_type()
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["application/json-rpc", "application/jsonrequest"]
    }

    fn reads(&self, essence: &str) -> bool {
        Json.reads(essence) || self.aliases().contains(&essence)
    }
}

/// What a version must be, exactly.
const VERSION: &str = "2.0";

/// The members of these names that an object has.
pub(super) struct Members<'a, const N: usize> {
    pub(super) values: [Option<&'a str>; N],
    /// A name that stands twice: two readers could believe two of them.
    pub(super) repeated: [bool; N],
}

/// The members of `names`, if the text, which is valid JSON, is an object.
pub(super) fn members<'a, const N: usize>(text: &'a str, names: &[&str; N]) -> Option<Members<'a, N>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Names(names)).ok()
}

/// At most `most` elements of the array that the text, which is valid JSON, is; `None` for more, or for no array.
pub(super) fn elements(text: &str, most: usize) -> Option<Vec<&str>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_seq(Elements(most)).ok()
}

/// Without the white space of JSON round it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// The text of a JSON string; `None` if it is none, or none that Unicode has.
pub(super) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inside)) }
}

/// Whether it is the version that is spoken here.
pub(super) fn is_version(json: Option<&str>) -> bool {
    json.and_then(string).is_some_and(|version| version == VERSION)
}

/// Whether it may be an id: a string, a number or null.
pub(super) fn is_id(json: &str) -> bool {
    json == "null" || json.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

struct Names<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Names<'_, N> {
    type Value = Members<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members { values: [None; N], repeated: [false; N] };
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            let Some(place) = place else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &'de RawValue = map.next_value()?;
            members.repeated[place] |= members.values[place].is_some();
            members.values[place] = Some(value.get());
        }
        Ok(members)
    }
}

/// The place of a name in a list.
struct Place<'n>(&'n [&'n str]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

struct Elements(usize);

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of at most {} elements", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element::<&RawValue>()? {
            if elements.len() == self.0 {
                return Err(serde::de::Error::invalid_length(self.0 + 1, &self));
            }
            elements.push(element.get());
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_as_they_were_written() {
        let text = r#" { "b" : 1.0 , "x": [{"a": 2}], "\u0061": "\u00e9" } "#;
        let found = members(text, &["a", "b", "c"]).unwrap();
        assert_eq!(found.values, [Some(r#""\u00e9""#), Some("1.0"), None]);
        assert_eq!(found.repeated, [false; 3]);
        let twice = members(r#"{"a":1,"b":2,"a":1}"#, &["a", "b"]).unwrap();
        assert_eq!(twice.repeated, [true, false]);
        for none in ["[]", "1", "\"a\"", "null", r#"{"\ud800":1}"#] {
            assert!(members(none, &["a"]).is_none(), "{none}");
        }
    }

    #[test]
    fn elements_are_counted_before_they_are_kept() {
        assert_eq!(elements(" [1, [2, 3] ,{}] ", 3), Some(vec!["1", "[2, 3]", "{}"]));
        assert_eq!(elements("[]", 1), Some(vec![]));
        assert_eq!(elements("[1,2]", 1), None);
        assert_eq!(elements("{}", 1), None);
    }

    #[test]
    fn a_version_is_exactly_two_point_zero() {
        for (json, is) in [
            (r#""2.0""#, true),
            (r#""2\u002e0""#, true),
            (r#""2.00""#, false),
            (r#""2""#, false),
            (r#""1.0""#, false),
            ("2.0", false),
            ("null", false),
        ] {
            assert_eq!(is_version(Some(json)), is, "{json}");
        }
        assert!(!is_version(None));
    }
}
