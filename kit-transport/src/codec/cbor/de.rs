//! serde on items. By hand, since ciborium's reader loses its place: what a tuple leaves of an array, or a variant without a
//! value of a map, it takes for what comes next.

use std::borrow::Cow;

use serde::de::value::{Error as Misfit, SeqDeserializer};
use serde::de::{Deserializer, Error as _, Expected, Visitor};

use super::access::{Items, Tagged, Variant};
use super::head::{self, Argument};
use super::item::{self, Item};
use crate::codec::scan::Cursor;

/// What ciborium calls the enum by which a type asks for a tag.
const TAG: &str = "@@TAG@@";

/// Tags of whole numbers in bytes: RFC 8949, 3.4.3.
const LARGE: u64 = 2;
const LARGE_NEGATIVE: u64 = 3;

/// Says that CBOR follows, and nothing else: RFC 8949, 3.4.6.
const SELF: u64 = 55_799;

/// Items of bytes that a scan has found whole, one value, and flat enough.
pub(super) struct Reader<'de>(Cursor<'de>);

impl<'de> Reader<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self(Cursor::new(bytes))
    }

    /// Passes over the next byte, if it is one of these.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        let mut ahead = self.0;
        let taken = ahead.byte().is_some_and(|byte| bytes.contains(&byte));
        if taken {
            self.0 = ahead;
        }
        taken
    }

    fn next(&mut self) -> Result<Item<'de>, Misfit> {
        item::next(&mut self.0)
    }

    /// The next item that is no tag.
    fn untagged(&mut self) -> Result<Item<'de>, Misfit> {
        loop {
            match self.next()? {
                Item::Tag => {}
                item => return Ok(item),
            }
        }
    }

    /// What stands before the next item.
    fn tag(&mut self) -> Option<u64> {
        let mut ahead = self.0;
        let argument = head::argument(&mut ahead)?;
        let tag = argument.value.filter(|_| argument.major == head::TAG)?;
        self.0 = ahead;
        Some(tag)
    }

    /// The number that a tag stands before, if it is one.
    fn large(&mut self, tag: u64) -> Option<Large> {
        if !matches!(tag, LARGE | LARGE_NEGATIVE) {
            return None;
        }
        let mut ahead = self.0;
        let Ok(Item::Bytes(bytes)) = item::next(&mut ahead) else { return None };
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = &bytes[zeros..];
        let mut all = [0; 16];
        all[16usize.checked_sub(digits.len())?..].copy_from_slice(digits);
        self.0 = ahead;
        Some(Large { negative: tag == LARGE_NEGATIVE, number: u128::from_be_bytes(all) })
    }

    /// A whole number, whatever tags stand before it, or any other item.
    fn number<V: Visitor<'de>>(&mut self, visitor: V, floats: bool) -> Result<V::Value, Misfit> {
        while let Some(tag) = self.tag() {
            if let Some(large) = self.large(tag) {
                return large.visit(visitor);
            }
        }
        match self.next()? {
            Item::Unsigned(number) => visitor.visit_u64(number),
            Item::Negative(number) => Large { negative: true, number: number.into() }.visit(visitor),
            Item::Float(number) if floats => visitor.visit_f64(number),
            other => Err(other.misfit(&visitor)),
        }
    }

    fn array<V: Visitor<'de>>(&mut self, length: Option<u64>, visitor: V) -> Result<V::Value, Misfit> {
        let mut items = Items::new(self, length);
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    fn map<V: Visitor<'de>>(&mut self, length: Option<u64>, visitor: V) -> Result<V::Value, Misfit> {
        let mut items = Items::new(self, length);
        let value = visitor.visit_map(&mut items)?;
        items.end()?;
        Ok(value)
    }

    /// A value of an item that holds no other.
    fn plain<V: Visitor<'de>>(item: Item<'de>, visitor: V) -> Result<V::Value, Misfit> {
        match item {
            Item::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Item::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Item::Bytes(Cow::Borrowed(bytes)) => visitor.visit_borrowed_bytes(bytes),
            Item::Bytes(Cow::Owned(bytes)) => visitor.visit_byte_buf(bytes),
            Item::Bool(is) => visitor.visit_bool(is),
            Item::Float(number) => visitor.visit_f64(number),
            Item::Unsigned(number) => visitor.visit_u64(number),
            Item::Negative(number) => Large { negative: true, number: number.into() }.visit(visitor),
            Item::Null => visitor.visit_unit(),
            other => Err(other.misfit(&visitor)),
        }
    }
}

/// Whether it is ciborium's `Value`, which has a place for tags; nothing else tells it from what has none, such as that of JSON.
fn keeps_tags(visitor: &dyn Expected) -> bool {
    visitor.to_string() == "a valid CBOR item"
}

/// A whole number of any size that a type has.
struct Large {
    /// Then it is −1 less the number.
    negative: bool,
    number: u128,
}

impl Large {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if !self.negative {
            return match u64::try_from(self.number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_u128(self.number),
            };
        }
        let number = i128::try_from(self.number).map_err(|_| Misfit::custom("a number is too small"))?;
        match i64::try_from(!number) {
            Ok(number) => visitor.visit_i64(number),
            Err(_) => visitor.visit_i128(!number),
        }
    }
}

/// Whole numbers, and what is read of the items of one kind.
macro_rules! read {
    (numbers $($number:ident)*; $($method:ident: $kinds:pat,)*) => {
        $(fn $number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.number(visitor, false)
        })*
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.untagged()? {
                item @ $kinds => Reader::plain(item, visitor),
                other => Err(other.misfit(&visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Misfit;

    read! {
        numbers deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        deserialize_bool: Item::Bool(_),
        deserialize_char: Item::Text(_),
        deserialize_str: Item::Text(_),
        deserialize_string: Item::Text(_),
        deserialize_identifier: Item::Text(_) | Item::Bytes(_),
        deserialize_unit: Item::Null,
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.number(visitor, true)
    }

    /// Whole numbers too: who has but one type of numbers writes 3.0 as 3.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.number(visitor, true)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.untagged()? {
            item @ Item::Bytes(_) => Reader::plain(item, visitor),
            Item::Array(length) => self.array(length, visitor),
            other => Err(other.misfit(&visitor)),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        while let Some(tag) = self.tag() {
            if let Some(large) = self.large(tag) {
                return large.visit(visitor);
            }
            if tag != SELF && keeps_tags(&visitor) {
                return visitor.visit_enum(Tagged::new(self, Some(tag)));
            }
        }
        match self.next()? {
            Item::Array(length) => self.array(length, visitor),
            Item::Map(length) => self.map(length, visitor),
            item => Reader::plain(item, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        // Of simple values there are more than are known.
        let mut ahead = self.0;
        if let Some(Argument { major: head::SIMPLE, short: 0..=19 | 24, .. }) = head::argument(&mut ahead) {
            self.0 = ahead;
            return visitor.visit_unit();
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.take(&[0xf6, 0xf7]) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// Bytes too: a list of them is often written so.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.untagged()? {
            Item::Array(length) => self.array(length, visitor),
            Item::Bytes(bytes) => {
                let mut bytes = SeqDeserializer::new(bytes.iter().copied());
                let value = visitor.visit_seq(&mut bytes)?;
                bytes.end()?;
                Ok(value)
            }
            other => Err(other.misfit(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Misfit>
    where
        V: Visitor<'de>,
    {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.untagged()? {
            Item::Map(length) => self.map(length, visitor),
            other => Err(other.misfit(&visitor)),
        }
    }

    fn deserialize_struct<V>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit>
    where
        V: Visitor<'de>,
    {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if name == TAG {
            let tag = self.tag();
            return visitor.visit_enum(Tagged::new(self, tag));
        }
        while self.tag().is_some() {}
        let mut ahead = self.0;
        match head::argument(&mut ahead) {
            Some(Argument { major: head::TEXT, .. }) => visitor.visit_enum(Variant::alone(self)),
            Some(Argument { major: head::MAP, value: length @ (None | Some(1)), .. }) => {
                self.0 = ahead;
                let value = visitor.visit_enum(Variant::with_value(self))?;
                match length.is_some() || self.take(&[0xff]) {
                    true => Ok(value),
                    false => Err(Misfit::custom("a map of more than one variant")),
                }
            }
            _ => Err(self.next()?.misfit(&visitor)),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
