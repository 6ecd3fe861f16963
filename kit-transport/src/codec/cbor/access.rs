//! What is in an array, a map, a variant or a tag.

use serde::de::value::{Error as Misfit, StrDeserializer, U64Deserializer};
use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::de::Reader;

/// The items of an array, or of a map.
pub(super) struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    /// How many there are still, or pairs of them; `None` for those up to a break.
    left: Option<u64>,
}

impl<'r, 'de> Items<'r, 'de> {
    pub(super) fn new(reader: &'r mut Reader<'de>, length: Option<u64>) -> Self {
        Self { reader, left: length }
    }

    fn more(&mut self) -> bool {
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None if self.reader.take(&[0xff]) => {
                self.left = Some(0);
                false
            }
            None => true,
        }
    }

    /// That all of them were read: who stops before would take the rest for what comes behind.
    pub(super) fn end(mut self) -> Result<(), Misfit> {
        if self.more() { Err(Misfit::custom("it holds more than is read")) } else { Ok(()) }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        if self.more() { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        self.left.and_then(|left| usize::try_from(left).ok())
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        if self.more() { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        SeqAccess::size_hint(self)
    }
}

/// A variant: its name, and what it holds.
pub(super) struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    has_value: bool,
}

impl<'r, 'de> Variant<'r, 'de> {
    /// A name, and nothing.
    pub(super) fn alone(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, has_value: false }
    }

    /// A pair of a map.
    pub(super) fn with_value(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, has_value: true }
    }

    fn value(self, wanted: &'static str) -> Result<&'r mut Reader<'de>, Misfit> {
        match self.has_value {
            true => Ok(self.reader),
            false => Err(Misfit::invalid_type(Unexpected::UnitVariant, &wanted)),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name = seed.deserialize(&mut *self.reader)?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        if self.has_value { <()>::deserialize(self.reader) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.value("newtype variant")?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.value("tuple variant")?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.value("struct variant")?.deserialize_any(visitor)
    }
}

/// A tag and what it stands before, in the words by which ciborium's types ask for them: an enum of `@@TAGGED@@`, which holds both,
/// and `@@UNTAGGED@@`.
pub(super) struct Tagged<'r, 'de> {
    reader: &'r mut Reader<'de>,
    tag: Option<u64>,
    read: Part,
}

/// What was read of it.
#[derive(Clone, Copy)]
enum Part {
    Nothing,
    Tag,
    Value,
}

impl<'r, 'de> Tagged<'r, 'de> {
    pub(super) fn new(reader: &'r mut Reader<'de>, tag: Option<u64>) -> Self {
        Self { reader, tag, read: Part::Nothing }
    }
}

impl<'de> EnumAccess<'de> for Tagged<'_, 'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name = if self.tag.is_some() { "@@TAGGED@@" } else { "@@UNTAGGED@@" };
        let name = seed.deserialize(StrDeserializer::<Misfit>::new(name))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_, 'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::invalid_type(Unexpected::Other("tag"), &"unit variant"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        let value = visitor.visit_seq(&mut self)?;
        match self.read {
            Part::Value => Ok(value),
            _ => Err(Misfit::custom("a tag without its value")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::invalid_type(Unexpected::Other("tag"), &"struct variant"))
    }
}

impl<'de> SeqAccess<'de> for Tagged<'_, 'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        match (self.read, self.tag) {
            (Part::Nothing, Some(tag)) => {
                self.read = Part::Tag;
                seed.deserialize(U64Deserializer::<Misfit>::new(tag)).map(Some)
            }
            (Part::Nothing | Part::Tag, _) => {
                self.read = Part::Value;
                seed.deserialize(&mut *self.reader).map(Some)
            }
            (Part::Value, _) => Ok(None),
        }
    }
}
