//! What the derive calls to write and to read what a variant holds. Not to be called by hand: it may change at any time.

use std::collections::BTreeMap;
use std::io;
use std::vec;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Details;

/// An object or an array that is written value by value, within the bound of a payload.
pub struct Writer {
    text: Bounded,
    close: u8,
}

/// What is past the bound is not written, however much there is of it.
struct Bounded(Vec<u8>);

impl Writer {
    /// An object: a variant with named fields.
    pub fn object() -> Self {
        Self { text: Bounded(vec![b'{']), close: b'}' }
    }

    /// An array: a tuple variant.
    pub fn array() -> Self {
        Self { text: Bounded(vec![b'[']), close: b']' }
    }

    /// Adds a member; `None` if its value is no JSON, or too large.
    pub fn field(mut self, name: &str, value: &impl Serialize) -> Option<Self> {
        self.separate();
        serde_json::to_writer(&mut self.text, name).ok()?;
        self.text.0.push(b':');
        self.value(value)
    }

    /// Adds an element; `None` as above.
    pub fn item(mut self, value: &impl Serialize) -> Option<Self> {
        self.separate();
        self.value(value)
    }

    /// All of it.
    pub fn end(mut self) -> Option<Box<str>> {
        self.text.0.push(self.close);
        String::from_utf8(self.text.0).ok().map(String::into_boxed_str)
    }

    fn value(mut self, value: &impl Serialize) -> Option<Self> {
        serde_json::to_writer(&mut self.text, value).ok()?;
        Some(self)
    }

    fn separate(&mut self) {
        if self.text.0.len() > 1 {
            self.text.0.push(b',');
        }
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > Details::MAX_PAYLOAD_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The members of an object, each as it was written: numbers keep their digits.
pub struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Those of a payload, none if there is no payload; `None` if it is no object.
    pub fn read(details: &'a Details) -> Option<Self> {
        serde_json::from_str(details.payload().unwrap_or("{}")).ok().map(Self)
    }

    /// The value of a member; one that is missing is null.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        value(self.0.remove(name))
    }
}

/// The elements of an array, each as it was written.
pub struct Items<'a>(vec::IntoIter<&'a RawValue>);

impl<'a> Items<'a> {
    /// Those of a payload, none if there is no payload; `None` if it is no array.
    pub fn read(details: &'a Details) -> Option<Self> {
        let items: Vec<&RawValue> = serde_json::from_str(details.payload().unwrap_or("[]")).ok()?;
        Some(Self(items.into_iter()))
    }

    /// The next; one that is missing is null.
    pub fn take<T: DeserializeOwned>(&mut self) -> Option<T> {
        value(self.0.next())
    }
}

fn value<T: DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(raw.map_or("null", RawValue::get)).ok()
}
