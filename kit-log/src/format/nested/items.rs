//! Arrays and objects, item by item.

use std::mem;

use serde::ser::{self, Serialize};

use super::{DEPTH, Done, Nested, Stop};
use crate::redact::MASK;

/// An array or an object being written.
pub(crate) struct Items<'n, 'a> {
    nested: &'n mut Nested<'a>,
    first: bool,
    /// The value to come has a denied name.
    masked: bool,
    close: &'static [u8],
}

impl<'n, 'a> Items<'n, 'a> {
    pub(super) fn new(nested: &'n mut Nested<'a>, open: &[u8], close: &'static [u8]) -> Result<Self, Stop> {
        nested.nest(open)?;
        Ok(Self { nested, first: true, masked: false, close })
    }

    /// An enum's variant with content: an object of one member, `{"Variant":…}`.
    pub(super) fn variant(
        nested: &'n mut Nested<'a>,
        variant: &str,
        open: &[u8],
        close: &'static [u8],
    ) -> Result<Self, Stop> {
        nested.put(b"{")?;
        nested.text(variant)?;
        nested.put(b":")?;
        Self::new(nested, open, close)
    }

    fn separate(&mut self) -> Done {
        if mem::take(&mut self.first) {
            return Ok(());
        }
        self.nested.put(b",")
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.separate()?;
        value.serialize(&mut *self.nested)
    }

    pub(super) fn name(&mut self, name: &str) -> Done {
        self.separate()?;
        self.nested.text(name)?;
        self.nested.put(b":")?;
        self.masked = self.nested.redaction.denies(name);
        Ok(())
    }

    pub(super) fn named<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        if mem::take(&mut self.masked) {
            return self.nested.text(MASK);
        }
        value.serialize(&mut *self.nested)
    }

    pub(super) fn finish(self) -> Done {
        self.nested.depth -= 1;
        self.nested.put(self.close)
    }
}

macro_rules! sequences {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for Items<'_, '_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.item(value)
            }

            fn end(self) -> Done {
                self.finish()
            }
        })*
    };
}

sequences! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
}

macro_rules! structs {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Items<'_, '_> {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.name(name)?;
                self.named(value)
            }

            fn end(self) -> Done {
                self.finish()
            }
        })*
    };
}

structs! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Items<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        // A key of any scalar type is written first and read back as text, since JSON's keys are texts.
        let mut bytes = Vec::new();
        let mut alone = Nested {
            out: &mut bytes,
            end: self.nested.room(),
            full: false,
            depth: DEPTH,
            redaction: self.nested.redaction,
        };
        if let Err(stop) = key.serialize(&mut alone) {
            self.nested.full |= alone.full;
            return Err(stop);
        }
        let text = std::str::from_utf8(&bytes).map_err(ser::Error::custom)?;
        match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(escaped) => {
                self.separate()?;
                self.nested.put(b"\"")?;
                self.nested.put(escaped.as_bytes())?;
                self.nested.put(b"\":")?;
                self.masked = self.nested.redaction.denies(escaped);
                Ok(())
            }
            None => self.name(text),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.named(value)
    }

    fn end(self) -> Done {
        self.finish()
    }
}
