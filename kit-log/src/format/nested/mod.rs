//! Structured values, as JSON: in a JSON line nested, in a logfmt line as one text.
//!
//! A serializer of our own, because what holds for a line holds inside it: names are redacted, text is escaped alike,
//! a number JSON does not have becomes a text, and the size is bounded while it is written.

mod items;

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::ser::{self, Serialize};

use self::items::Items;
use super::escape::escape;
use super::syntax::Syntax;
use super::text;
use crate::redact::Redaction;

/// Deepest nesting written: a type that contains itself must end before the stack does.
const DEPTH: usize = 32;

/// Appends one structured value of at most `max` bytes; says whether it was cut.
pub(crate) fn value<S: Syntax>(
    out: &mut Vec<u8>,
    max: usize,
    value: &dyn Fn(&mut Nested<'_>) -> Result<(), Stop>,
    redaction: &Redaction,
) -> bool {
    let start = out.len();
    let mut nested = Nested { out, end: start + max, full: false, depth: 0, redaction };
    let result = catch_unwind(AssertUnwindSafe(|| value(&mut nested)));
    let full = nested.full;
    let written = |out: &mut Vec<u8>| String::from_utf8_lossy(&out.split_off(start)).into_owned();
    match result {
        // A scalar reads the same in both formats.
        Ok(Ok(())) if S::ALWAYS_QUOTED || !matches!(out.get(start), Some(b'{' | b'[')) => false,
        Ok(Ok(())) => {
            let json = written(out);
            text::text::<S>(out, max, &json)
        }
        Ok(Err(_)) if full => {
            let json = written(out);
            text::cut::<S>(out, max, &json)
        }
        Ok(Err(error)) => {
            out.truncate(start);
            text::text::<S>(out, max, &format!("[format error: {error}]"))
        }
        Err(payload) => {
            out.truncate(start);
            text::display::<S>(out, max, |_| std::panic::resume_unwind(payload))
        }
    }
}

/// Why a value was not written to its end. Only text: the erasure slog puts around values lets no more through.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Stop(Cow<'static, str>);

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Stop(message.to_string().into())
    }
}

type Done = Result<(), Stop>;

/// A serializer of JSON into a line.
pub(crate) struct Nested<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
    /// There was no room for something.
    full: bool,
    depth: usize,
    redaction: &'a Redaction,
}

impl Nested<'_> {
    fn room(&self) -> usize {
        self.end.saturating_sub(self.out.len())
    }

    fn fill(&mut self) -> Done {
        self.full = true;
        Err(Stop("no more room".into()))
    }

    fn put(&mut self, bytes: &[u8]) -> Done {
        if bytes.len() > self.room() {
            return self.fill();
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Done {
        self.put(b"\"")?;
        if escape(self.out, self.end, text).cut {
            return self.fill();
        }
        self.put(b"\"")
    }

    fn number(&mut self, number: fmt::Arguments<'_>) -> Done {
        let start = self.out.len();
        // Writing to a vector does not fail.
        let _ = self.out.write_fmt(number);
        if self.out.len() > self.end {
            self.out.truncate(start);
            return self.fill();
        }
        Ok(())
    }

    fn nest(&mut self, open: &[u8]) -> Done {
        if self.depth == DEPTH {
            return Err(Stop(format!("nested deeper than {DEPTH}").into()));
        }
        self.depth += 1;
        self.put(open)
    }
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, value: $type) -> Done {
            self.number(format_args!("{value}"))
        })*
    };
}

impl<'n, 'a> ser::Serializer for &'n mut Nested<'a> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Items<'n, 'a>;
    type SerializeTuple = Items<'n, 'a>;
    type SerializeTupleStruct = Items<'n, 'a>;
    type SerializeTupleVariant = Items<'n, 'a>;
    type SerializeMap = Items<'n, 'a>;
    type SerializeStruct = Items<'n, 'a>;
    type SerializeStructVariant = Items<'n, 'a>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_i128(self, value: i128) -> Done {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.text(&value.to_string()),
        }
    }

    fn serialize_u128(self, value: u128) -> Done {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => self.text(&value.to_string()),
        }
    }

    fn serialize_f32(self, value: f32) -> Done {
        match text::float(f64::from(value)) {
            text::Float::Word(word) => self.text(word),
            text::Float::Short => self.number(format_args!("{value}")),
            text::Float::Power => self.number(format_args!("{value:e}")),
        }
    }

    fn serialize_f64(self, value: f64) -> Done {
        match text::float(value) {
            text::Float::Word(word) => self.text(word),
            text::Float::Short => self.number(format_args!("{value}")),
            text::Float::Power => self.number(format_args!("{value:e}")),
        }
    }

    fn serialize_bool(self, value: bool) -> Done {
        self.put(if value { b"true" } else { b"false" })
    }

    fn serialize_char(self, value: char) -> Done {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Done {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.put(b"\"")?;
        for byte in value {
            self.number(format_args!("{byte:02x}"))?;
        }
        self.put(b"\"")
    }

    fn serialize_none(self) -> Done {
        self.put(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.put(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.put(b"null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        let mut items = Items::new(self, b"{", b"}")?;
        items.name(variant)?;
        items.named(value)?;
        items.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'n, 'a>, Stop> {
        Items::new(self, b"[", b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'n, 'a>, Stop> {
        Items::new(self, b"[", b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'n, 'a>, Stop> {
        Items::new(self, b"[", b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'n, 'a>, Stop> {
        Items::variant(self, variant, b"[", b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Items<'n, 'a>, Stop> {
        Items::new(self, b"{", b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Items<'n, 'a>, Stop> {
        Items::new(self, b"{", b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'n, 'a>, Stop> {
        Items::variant(self, variant, b"{", b"}}")
    }
}
