use std::fmt::Display;
use std::str::FromStr;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::{Fault, Field};

/// The texts of one name: one of them, or several for a type that takes several.
#[derive(Clone, Copy)]
pub(super) struct Values<'a>(pub(super) &'a [Field<'a>]);

impl<'a> Values<'a> {
    fn one(self) -> Result<&'a str, Fault> {
        match self.0 {
            [field] => Ok(&field.text),
            _ => Err(Fault::custom("it is there more than once")),
        }
    }

    fn parse<T>(self) -> Result<T, Fault>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.one()?.parse().map_err(Fault::custom)
    }
}

/// Numbers and the like, each read by its own `FromStr`.
macro_rules! parsed {
    ($($method:ident => $visit:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.parse()?)
        })*
    };
}

/// What begins with the text itself.
macro_rules! as_text {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.visit_str(self.one()?)
        })*
    };
}

/// What no text can become.
macro_rules! unfit {
    ($($method:ident($($argument:ty),*) => $what:literal,)*) => {
        $(fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _visitor: V) -> Result<V::Value, Fault> {
            Err(Fault::Unfit($what))
        })*
    };
}

impl<'de> Deserializer<'de> for Values<'_> {
    type Error = Fault;

    parsed! {
        deserialize_bool => visit_bool,
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_i128 => visit_i128,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_u128 => visit_u128,
        deserialize_f32 => visit_f32,
        deserialize_f64 => visit_f64,
        deserialize_char => visit_char,
    }

    as_text! { deserialize_str deserialize_string deserialize_identifier }

    unfit! {
        deserialize_unit() => "a unit",
        deserialize_unit_struct(&'static str) => "a unit",
        deserialize_bytes() => "bytes",
        deserialize_byte_buf() => "bytes",
        deserialize_map() => "a map",
        deserialize_struct(&'static str, &'static [&'static str]) => "a struct",
    }

    /// For what decides by what it is given: several texts, or one.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            [field] => visitor.visit_str(&field.text),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    /// A form sends the fields that were left empty too: nothing there is nothing given.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            [field] if field.text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Each(self.0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        if self.0.len() != length {
            return Err(Fault::custom(format_args!("it is there {} times, not {length}", self.0.len())));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(StrDeserializer::new(self.one()?))
    }
}

/// Texts one after the other; a complaint blames the parameter it is about.
pub(super) struct Each<'a>(pub(super) &'a [Field<'a>]);

impl<'de> SeqAccess<'de> for Each<'_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some((field, rest)) = self.0.split_first() else { return Ok(None) };
        self.0 = rest;
        seed.deserialize(Values(std::slice::from_ref(field))).map(Some).map_err(|fault| fault.named(&field.name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
