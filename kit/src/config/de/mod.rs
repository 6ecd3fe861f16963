//! The layers, laid over one another, as serde reads them: values that know their place, so that an error has one.

mod access;
mod fault;
mod text;

use std::cell::RefCell;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Visitor};

pub(super) use self::fault::{Fault, What};

use self::access::{Entries, Items, OneVariant};
use super::error::Place;
use super::secret::{is_mask, is_secret_type};
use super::value::{Node, Path, Step, Value};

/// A key that its table does not know.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) path: Path,
    pub(super) place: Place,
    /// What the table knows.
    pub(super) fields: &'static [&'static str],
}

/// Reads a `T`, and lists the keys that nobody asked for.
pub(super) fn read<T: DeserializeOwned>(root: &Value) -> (Result<T, Fault>, Vec<Unknown>) {
    let unknown = RefCell::default();
    let read = T::deserialize(Source { value: root, trail: None, unknown: &unknown });
    (read, unknown.into_inner())
}

/// The way here from the root.
#[derive(Clone, Copy)]
struct Trail<'a> {
    before: Option<&'a Trail<'a>>,
    step: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

impl Trail<'_> {
    fn path(&self) -> Path {
        let mut path = self.before.map(Trail::path).unwrap_or_default();
        path.0.push(match self.step {
            Part::Key(key) => Step::Key(key.to_owned()),
            Part::Index(index) => Step::Index(index),
        });
        path
    }
}

/// One value to read.
#[derive(Clone, Copy)]
struct Source<'a> {
    value: &'a Value,
    trail: Option<&'a Trail<'a>>,
    unknown: &'a RefCell<Vec<Unknown>>,
}

impl<'a> Source<'a> {
    fn path(&self) -> Path {
        self.trail.map(Trail::path).unwrap_or_default()
    }

    /// Gives what goes wrong in here this place, unless it has a closer one.
    fn placed<T>(self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| fault.at(|| (self.path(), self.value.place.clone())))
    }

    /// Reads what a part of a list or a table is for.
    fn seed<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        if !is_secret_type::<S::Value>() {
            return self.placed(seed.deserialize(self));
        }
        match &self.value.node {
            // A printed configuration has masks where the secrets were: used as a file it would set them to that.
            Node::Text(text) | Node::Loose(text) if is_mask(text) => self.placed(Err(Fault::mask())),
            _ => self.placed(seed.deserialize(self)).map_err(Fault::hidden),
        }
    }

    /// The same place with another value in it.
    fn with<'b>(self, value: &'b Value) -> Source<'b>
    where
        'a: 'b,
    {
        Source { value, ..self }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.node {
            Node::Text(text) | Node::Loose(text) => visitor.visit_str(text),
            Node::Int(int) => whole(*int, visitor),
            Node::Float(float) => visitor.visit_f64(*float),
            Node::Bool(bool) => visitor.visit_bool(*bool),
            Node::List(items) => visitor.visit_seq(Items::new(self, items)),
            Node::Table(table) => visitor.visit_map(Entries::new(self, table)),
            Node::Filler => visitor.visit_str(""),
            Node::Null | Node::Gone => visitor.visit_unit(),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.node {
            Node::Loose(text) => visitor.visit_seq(Items::new(self, &text::list(text, &self.value.place))),
            Node::Filler => visitor.visit_seq(Items::new(self, &[])),
            _ => self.any(visitor),
        }
    }

    fn table<'de, V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let Node::Table(table) = &self.value.node else {
            // serde's own words would name the type, and a list would be taken for the fields in their order.
            return Err(Fault::custom(format_args!("must be a table with keys out of {}", fields.join(", "))));
        };
        for (key, value) in table {
            if !fields.contains(&key.as_str()) && !matches!(value.node, Node::Gone) {
                let unknown = Unknown { path: self.path().key(key), place: value.place.clone(), fields };
                self.unknown.borrow_mut().push(unknown);
            }
        }
        let mut entries = Entries::of_fields(self, table, fields);
        let read = visitor.visit_map(&mut entries);
        read.map_err(|fault| match fault.what {
            What::Duplicate(_) => fault.at(|| entries.last()),
            _ => fault,
        })
    }

    fn variant<'de, V: Visitor<'de>>(self, variants: &[&'static str], visitor: V) -> Result<V::Value, Fault> {
        match &self.value.node {
            Node::Text(text) | Node::Loose(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Node::Filler => visitor.visit_enum(variants.first().copied().unwrap_or_default().into_deserializer()),
            Node::Table(table) => match OneVariant::new(self, table) {
                Some(variant) => visitor.visit_enum(variant),
                None => Err(Fault::custom(format_args!("must have one key out of {}", variants.join(", ")))),
            },
            _ => self.any(visitor),
        }
    }
}

/// As the smallest of serde's integers that holds it.
fn whole<'de, V: Visitor<'de>>(int: i128, visitor: V) -> Result<V::Value, Fault> {
    if let Ok(int) = i64::try_from(int) {
        visitor.visit_i64(int)
    } else if let Ok(int) = u64::try_from(int) {
        visitor.visit_u64(int)
    } else {
        visitor.visit_i128(int)
    }
}

/// The methods that answer with the help of one of `Source`, in its place.
macro_rules! ask {
    ($helper:ident: $($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Fault> {
            self.placed(self.$helper(visitor))
        }
    )*};
}

/// The methods of primitives, which text of a flag or a variable becomes.
macro_rules! adapt {
    ($($read:path, $filler:expr => $visit:expr; $($method:ident)*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.placed(match &self.value.node {
                Node::Loose(text) => $read(text).and_then(|value| $visit(value, visitor)),
                Node::Filler => $visit($filler, visitor),
                _ => self.any(visitor),
            })
        }
    )*)*};
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Fault;

    adapt! {
        text::boolean, false => |value, visitor: V| visitor.visit_bool(value); deserialize_bool;
        // One is in more ranges than zero.
        text::integer, 1 => whole;
            deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        text::float, 1.0 => |value, visitor: V| visitor.visit_f64(value); deserialize_f32 deserialize_f64;
    }

    ask! {
        any:
        deserialize_any();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_identifier();
        deserialize_unit();
        deserialize_unit_struct(_name: &'static str);
    }

    ask! {
        list:
        deserialize_seq();
        deserialize_tuple(_len: usize);
        deserialize_tuple_struct(_name: &'static str, _len: usize);
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.placed(self.table(fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.placed(self.variant(variants, visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(match &self.value.node {
            Node::Loose(text) => {
                text::map(text, &self.value.place).and_then(|table| visitor.visit_map(Entries::new(self, &table)))
            }
            Node::Filler => visitor.visit_map(Entries::new(self, &Default::default())),
            _ => self.any(visitor),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(match &self.value.node {
            Node::Null | Node::Filler => visitor.visit_none(),
            _ => visitor.visit_some(self),
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}
