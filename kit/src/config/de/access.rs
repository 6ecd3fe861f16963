//! Lists, tables and variants, one part after the other.

use std::collections::btree_map;
use std::iter::Enumerate;
use std::slice;

use serde::de::{
    DeserializeSeed, Deserializer as _, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Fault, Part, Source, Trail};
use crate::config::error::Place;
use crate::config::value::{Node, Path, Table, Value};

/// The items of a list. One that was refused before is passed over, and those after it keep their number.
pub(super) struct Items<'a> {
    list: Source<'a>,
    rest: Enumerate<slice::Iter<'a, Value>>,
}

impl<'a> Items<'a> {
    pub(super) fn new<'b: 'a>(list: Source<'b>, items: &'a [Value]) -> Self {
        Self { list, rest: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, value)) = self.rest.find(|(_, value)| !matches!(value.node, Node::Gone)) else {
            return Ok(None);
        };
        let trail = Trail { before: self.list.trail, step: Part::Index(index) };
        let item = Source { value, trail: Some(&trail), unknown: self.list.unknown };
        item.seed(seed).map(Some)
    }
}

/// The entries of a table.
pub(super) struct Entries<'a> {
    table: Source<'a>,
    rest: btree_map::Iter<'a, String, Value>,
    /// Other keys are passed over. None: all are read.
    fields: Option<&'static [&'static str]>,
    current: Option<(&'a str, &'a Value)>,
}

impl<'a> Entries<'a> {
    pub(super) fn new<'b: 'a>(table: Source<'b>, entries: &'a Table) -> Self {
        Self { table, rest: entries.iter(), fields: None, current: None }
    }

    pub(super) fn of_fields<'b: 'a>(table: Source<'b>, entries: &'a Table, fields: &'static [&'static str]) -> Self {
        Self { fields: Some(fields), ..Self::new(table, entries) }
    }

    /// The entry that was read last; the table itself before the first.
    pub(super) fn last(&self) -> (Path, Place) {
        let table = self.table.path();
        match self.current {
            Some((key, value)) => (table.key(key), value.place.clone()),
            None => (table, self.table.value.place.clone()),
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let fields = self.fields;
        let known = |key: &str| fields.is_none_or(|fields| fields.contains(&key));
        let next = self.rest.find(|(key, value)| known(key) && !matches!(value.node, Node::Gone));
        let Some((key, value)) = next else { return Ok(None) };
        self.current = Some((key, value));
        // As text that adapts: the keys of a map may be numbers.
        let name = Value { node: Node::Loose(key.clone()), place: value.place.clone() };
        let trail = Trail { before: self.table.trail, step: Part::Key(key) };
        let name = Source { value: &name, trail: Some(&trail), unknown: self.table.unknown };
        name.placed(seed.deserialize(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, value)) = self.current else {
            return Err(Fault::custom("a value was asked for before its key"));
        };
        let trail = Trail { before: self.table.trail, step: Part::Key(key) };
        let entry = Source { value, trail: Some(&trail), unknown: self.table.unknown };
        entry.seed(seed)
    }
}

/// A variant with what it holds, as a table of one entry: `{ every = "1s" }`.
pub(super) struct OneVariant<'a> {
    table: Source<'a>,
    name: &'a str,
    value: &'a Value,
}

impl<'a> OneVariant<'a> {
    /// None if the table has no entry, or more than one.
    pub(super) fn new<'b: 'a>(table: Source<'b>, entries: &'a Table) -> Option<Self> {
        let mut entries = entries.iter();
        match (entries.next(), entries.next()) {
            (Some((name, value)), None) => Some(Self { table, name, value }),
            _ => None,
        }
    }

    fn read<T>(self, read: impl FnOnce(Source<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let trail = Trail { before: self.table.trail, step: Part::Key(self.name) };
        let content = Source { value: self.value, trail: Some(&trail), unknown: self.table.unknown };
        content.placed(read(content))
    }
}

impl<'de> EnumAccess<'de> for OneVariant<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name = Value { node: Node::Loose(self.name.to_owned()), place: self.value.place.clone() };
        let variant = seed.deserialize(self.table.with(&name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for OneVariant<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Err(Fault::custom(format_args!("must be {:?} alone, it holds nothing", self.name)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.read(|content| content.seed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.read(|content| content.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.read(|content| content.deserialize_struct("", fields, visitor))
    }
}
