//! A deserializer that has no values: it follows a path of field names through a type and notes what the type asks for at its
//! end. Run for one path after the other it learns every key, without an instance and without a macro.
//!
//! serde tells the fields of a struct (`deserialize_struct`), the variants of an enum, and which primitive is wanted. It does
//! not tell what a map will hold, nor what lies behind `flatten`, `untagged` and internally tagged enums: those are one setting.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::{Key, Kind, Leaf, Shape};
use crate::config::secret::is_secret_type;

/// The keys of `T`.
pub(in crate::config) fn learn<T: DeserializeOwned>() -> Shape {
    shape::<T>(&mut Vec::new(), &mut Vec::new())
}

fn shape<T: DeserializeOwned>(path: &mut Vec<&'static str>, above: &mut Vec<&'static [&'static str]>) -> Shape {
    let seen = Seen::default();
    // It always ends in an error: nothing is ever made.
    let _ = T::deserialize(Learner { path, seen: &seen });
    let leaf = |kind| Shape::Leaf(Leaf { kind, secret: seen.secret.get() });
    match seen.asked.get() {
        None => leaf(Kind::Any),
        Some(Asked::Leaf(kind)) => leaf(kind),
        // A struct within itself has no end of keys.
        Some(Asked::Struct(fields)) if above.iter().any(|other| std::ptr::eq(*other, fields) && !fields.is_empty()) => {
            leaf(Kind::Any)
        }
        Some(Asked::Struct(fields)) => {
            above.push(fields);
            let mut keys = Vec::new();
            for &name in fields {
                path.push(name);
                keys.push(Key { name, shape: shape::<T>(path, above) });
                path.pop();
            }
            above.pop();
            Shape::Table(keys)
        }
    }
}

/// What the type asked for at the end of the path.
#[derive(Clone, Copy)]
enum Asked {
    Struct(&'static [&'static str]),
    Leaf(Kind),
}

#[derive(Default)]
struct Seen {
    asked: Cell<Option<Asked>>,
    secret: Cell<bool>,
}

/// The way on from here.
#[derive(Clone, Copy)]
struct Learner<'a> {
    path: &'a [&'static str],
    seen: &'a Seen,
}

impl Learner<'_> {
    fn leaf<T>(self, kind: Kind) -> Result<T, Learned> {
        if self.path.is_empty() {
            self.seen.asked.set(Some(Asked::Leaf(kind)));
        }
        Err(Learned)
    }
}

/// How every run ends.
#[derive(Debug)]
struct Learned;

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("learned")
    }
}

impl std::error::Error for Learned {}

impl de::Error for Learned {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// The methods of primitives: what is wanted is known.
macro_rules! leaves {
    ($($kind:ident: $($method:ident)*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Learned> {
            self.leaf(Kind::$kind)
        }
    )*)*};
}

impl<'de> Deserializer<'de> for Learner<'_> {
    type Error = Learned;

    leaves! {
        Bool: deserialize_bool;
        Number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
            deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64;
        Text: deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
            deserialize_identifier;
        List: deserialize_seq;
        Map: deserialize_map;
        Any: deserialize_any deserialize_ignored_any deserialize_unit;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Learned> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Learned> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Learned> {
        self.leaf(Kind::Any)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Learned> {
        self.leaf(Kind::List)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, _: V) -> Result<V::Value, Learned> {
        self.leaf(Kind::List)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Learned> {
        self.leaf(Kind::Choice(variants))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Learned> {
        match self.path.split_first() {
            Some((key, rest)) => visitor.visit_map(OneKey { key: Some(key), next: Learner { path: rest, ..self } }),
            None => {
                self.seen.asked.set(Some(Asked::Struct(fields)));
                Err(Learned)
            }
        }
    }
}

/// A struct of which one field is given.
struct OneKey<'a> {
    key: Option<&'static str>,
    next: Learner<'a>,
}

impl<'de> MapAccess<'de> for OneKey<'_> {
    type Error = Learned;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Learned> {
        self.key.take().map(|key| seed.deserialize(de::value::StrDeserializer::new(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Learned> {
        if self.next.path.is_empty() {
            self.next.seen.secret.set(is_secret_type::<V::Value>());
        }
        seed.deserialize(self.next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kit_log::Secret;
    use serde::Deserialize;

    use super::*;

    /// `key: kind` of every setting.
    fn keys<T: DeserializeOwned>() -> Vec<String> {
        let mut keys = Vec::new();
        learn::<T>().each_leaf(&mut |path, leaf| {
            let secret = if leaf.secret { " secret" } else { "" };
            keys.push(format!("{}: {:?}{secret}", path.join("."), leaf.kind));
        });
        keys
    }

    #[allow(dead_code, reason = "only its shape matters")]
    #[derive(Deserialize)]
    struct Outer {
        flag: bool,
        size: Option<u16>,
        ratio: f32,
        name: Box<str>,
        letter: char,
        pair: (u8, String),
        items: Vec<Inner>,
        map: BTreeMap<String, u8>,
        #[serde(rename = "inner-table")]
        inner: Option<Box<Inner>>,
        choice: Option<Choice>,
        untagged: Untagged,
        tagged: Tagged,
        wrapped: Wrapped,
        unit: (),
        secret: Option<Secret<Inner2>>,
        #[serde(skip)]
        skipped: u8,
    }

    #[allow(dead_code, reason = "only its shape matters")]
    #[derive(Deserialize)]
    struct Inner {
        #[serde(alias = "other")]
        one: i128,
        next: Option<Box<Inner>>,
    }

    #[allow(dead_code, reason = "only its shape matters")]
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Choice {
        A,
        B(u8),
    }

    #[allow(dead_code, reason = "only its shape matters")]
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
        Text(String),
    }

    #[allow(dead_code, reason = "only its shape matters")]
    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { x: u8 },
    }

    #[derive(Deserialize)]
    struct Wrapped(#[allow(dead_code, reason = "only its shape matters")] Vec<u8>);

    #[derive(Deserialize)]
    struct Inner2(#[allow(dead_code, reason = "only its shape matters")] String);

    #[test]
    fn every_key_is_learnt_with_what_its_type_asks_for() {
        assert_eq!(
            keys::<Outer>(),
            [
                "flag: Bool",
                "size: Number",
                "ratio: Number",
                "name: Text",
                "letter: Text",
                "pair: List",
                "items: List",
                "map: Map",
                "inner-table.one: Number",
                "inner-table.other: Number",
                // A struct within itself ends here.
                "inner-table.next: Any",
                r#"choice: Choice(["a", "b"])"#,
                "untagged: Any",
                "tagged: Any",
                "wrapped: List",
                "unit: Any",
                "secret: Text secret",
            ]
        );
    }

    #[test]
    fn what_serde_does_not_say_is_not_learnt() {
        #[allow(dead_code, reason = "only its shape matters")]
        #[derive(Deserialize)]
        struct Flat {
            #[serde(flatten)]
            inner: BTreeMap<String, u8>,
        }
        assert!(keys::<Flat>().is_empty());
        assert!(keys::<BTreeMap<String, u8>>().is_empty() && keys::<u8>().is_empty());
    }
}
