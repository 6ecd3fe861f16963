use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::values::{Each, Values};
use super::{Fault, Field};

/// All parameters: by name into a struct or a map. Those of a path, which has a fixed number in a fixed order, also into a
/// tuple, and one alone into anything else.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    fields: &'a [Field<'a>],
    ordered: bool,
}

impl<'a> Fields<'a> {
    /// Those of a path, in its order.
    pub(crate) fn of_path(fields: &'a [Field<'a>]) -> Self {
        Self { fields, ordered: true }
    }

    /// Those of a query; fields of one name stand side by side.
    pub(crate) fn of_query(fields: &'a [Field<'a>]) -> Self {
        Self { fields, ordered: false }
    }

    fn only(self) -> Result<&'a Field<'a>, Fault> {
        match self.fields {
            [field] if self.ordered => Ok(field),
            _ if self.ordered => Err(Fault::Unfit("one value: the parameters are not one")),
            _ => Err(Fault::Unfit("one value: the parameters have names")),
        }
    }
}

/// What one parameter can become.
macro_rules! only {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Fault> {
            let field = self.only()?;
            Values(std::slice::from_ref(field)).$method($($argument,)* visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Fault;

    only! {
        deserialize_bool() deserialize_char() deserialize_str() deserialize_string() deserialize_identifier()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_bytes() deserialize_byte_buf()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.fields.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !self.ordered {
            return Err(Fault::Unfit("a sequence: the parameters have names"));
        }
        visitor.visit_seq(Each(self.fields))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        if self.ordered && self.fields.len() != length {
            return Err(Fault::Unfit("a tuple of another length"));
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

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(ByName { rest: self.fields, value: &[] })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }
}

/// One name after the other, each with all its texts.
struct ByName<'a> {
    rest: &'a [Field<'a>],
    value: &'a [Field<'a>],
}

impl<'de> MapAccess<'de> for ByName<'_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(first) = self.rest.first() else { return Ok(None) };
        let same = self.rest.iter().take_while(|field| field.name == first.name).count();
        (self.value, self.rest) = self.rest.split_at(same);
        // A name that is more than a text, such as the number of a map's key, is read like a value.
        let name = Field { name: first.name.as_ref().into(), text: first.name.as_ref().into() };
        seed.deserialize(Values(&[name])).map(Some).map_err(|fault| fault.named(&first.name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let name = self.value.first().map_or("", |field| &field.name);
        seed.deserialize(Values(self.value)).map_err(|fault| fault.named(name))
    }
}
