//! Pairs as slog hands them over, each written as a part of the line.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize as _;
use slog::{BytesKind, KV, Key, Record, SerdeValue, Serializer};

use super::Rules;
use super::buffer::Scratch;
use super::escape::{self, hex};
use super::nested;
use super::syntax::Syntax;
use super::text::{self, Escaper};
use crate::redact::MASK;

/// Deepest chain of causes printed: a chain that closes on itself must end somewhere.
const CAUSES: usize = 32;

/// Most pairs printed: each is compared with those before it.
const PAIRS: usize = 1024;

/// Key of the mark on a line that lost something to the limit on its length.
pub(crate) const TRUNCATED: &str = "truncated";

/// Writes pairs of one line in one format.
pub(crate) struct Pairs<'a, S> {
    pub(crate) scratch: &'a mut Scratch,
    rules: &'a Rules,
    /// Parts the drain itself wrote; no later pair may carry their keys.
    fixed: usize,
    /// Values cut and pairs left out so far.
    pub(crate) lost: u32,
    syntax: PhantomData<S>,
}

impl<'a, S: Syntax> Pairs<'a, S> {
    pub(crate) fn new(scratch: &'a mut Scratch, rules: &'a Rules) -> Self {
        Self { scratch, rules, fixed: 0, lost: 0, syntax: PhantomData }
    }

    /// What stands so far is the drain's own: a pair that comes with such a key is renamed.
    pub(crate) fn fix(&mut self) {
        self.fixed = self.scratch.parts.len();
    }

    /// Writes a pair whose bytes are known, its key the first `key` bytes after the mark that opens a key.
    pub(crate) fn ready(&mut self, pair: &str, key: usize) {
        let start = self.scratch.bytes.len();
        self.scratch.bytes.extend_from_slice(pair.as_bytes());
        let from = start + S::KEY_OPEN.len();
        self.scratch.push(start, (from, from + key));
    }

    /// Writes all pairs of a list. A value that panics or fails outside its `Display` ends the list, and a pair says so.
    pub(crate) fn list(&mut self, record: &Record<'_>, list: &dyn KV) {
        let result = catch_unwind(AssertUnwindSafe(|| list.serialize(record, self)));
        let failure = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Err(error),
            Err(payload) => Ok(payload),
        };
        self.scratch.rewind();
        self.pair("log_error", |out, max| match failure {
            Ok(payload) => text::display::<S>(out, max, |_| std::panic::resume_unwind(payload)),
            Err(error) => text::display::<S>(out, max, |escaper| write!(escaper, "{error}")),
        });
    }

    /// Writes the message, unless it is empty.
    pub(crate) fn message(&mut self, message: &fmt::Arguments<'_>) {
        if message.as_str() == Some("") {
            return;
        }
        let start = self.scratch.bytes.len();
        self.emit_text("msg", message);
        let empty = match self.scratch.parts.last() {
            Some(part) if part.start == start => self.scratch.bytes[..part.end].ends_with(b"\"\""),
            _ => false,
        };
        // `""` alone is an empty text; at the end of a longer one its first quote would be escaped.
        if empty && self.scratch.bytes[start..].len() == empty_pair::<S>("msg") {
            self.scratch.parts.pop();
            self.scratch.rewind();
        }
    }

    fn emit_text(&mut self, key: &str, value: &fmt::Arguments<'_>) {
        self.pair(key, |out, max| match value.as_str() {
            Some(value) => text::text::<S>(out, max, value),
            None => text::display::<S>(out, max, |escaper| escaper.write_fmt(*value)),
        });
    }

    /// Writes one pair; `value` appends to the buffer within so many bytes and says whether it was cut.
    pub(crate) fn pair(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        let start = self.scratch.bytes.len();
        if start > self.rules.scratch_max || self.scratch.parts.len() >= PAIRS {
            self.lost += 1;
            return;
        }
        let denied = self.rules.redaction.denies(key);
        let Some(key) = self.key(key) else {
            self.scratch.bytes.truncate(start);
            return;
        };
        let out = &mut self.scratch.bytes;
        let cut =
            if denied { text::text::<S>(out, self.rules.value_max, MASK) } else { value(out, self.rules.value_max) };
        self.lost += u32::from(cut);
        self.scratch.push(start, key);
    }

    /// Opens a pair. `None`: a pair nearer to the event has this key already.
    fn key(&mut self, key: &str) -> Option<(usize, usize)> {
        let bytes = &mut self.scratch.bytes;
        bytes.extend_from_slice(S::KEY_OPEN.as_bytes());
        let from = bytes.len();
        escape::key(bytes, key);
        if key == TRUNCATED {
            bytes.push(b'_');
        }
        let mut to = bytes.len();
        while let Some(earlier) = self.scratch.find((from, to)) {
            if earlier >= self.fixed {
                return None;
            }
            self.scratch.bytes.push(b'_');
            to += 1;
        }
        self.scratch.bytes.extend_from_slice(S::KEY_CLOSE.as_bytes());
        Some((from, to))
    }

    fn bare(&mut self, key: &str, value: &[u8]) {
        self.pair(key, |out, _| {
            out.extend_from_slice(value);
            false
        });
    }

    /// A number JSON has no number for stands in quotes there.
    fn word(&mut self, key: &str, value: &str) {
        self.pair(key, |out, max| text::text::<S>(out, max, value));
    }

    fn float(&mut self, key: &str, value: f64, short: fmt::Arguments<'_>, power: fmt::Arguments<'_>) {
        let number = match text::float(value) {
            text::Float::Word(word) => return self.word(key, word),
            text::Float::Short => short,
            text::Float::Power => power,
        };
        self.pair(key, |out, _| {
            // Writing to a vector does not fail.
            let _ = out.write_fmt(number);
            false
        });
    }
}

const fn empty_pair<S: Syntax>(key: &str) -> usize {
    S::KEY_OPEN.len() + key.len() + S::KEY_CLOSE.len() + 2
}

/// Prints an error and its causes, a cause only where the text so far does not end in it already.
fn chain(escaper: &mut Escaper<'_>, error: &(dyn Error + 'static)) -> fmt::Result {
    write!(escaper, "{error}")?;
    let mut next = error.source();
    for _ in 0..CAUSES {
        let Some(cause) = next else { break };
        escaper.unless_said(cause)?;
        next = cause.source();
    }
    Ok(())
}

macro_rules! integers {
    ($($emit:ident: $type:ty),*) => {
        $(fn $emit(&mut self, key: Key, value: $type) -> slog::Result {
            self.bare(key.as_ref(), itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        })*
    };
}

impl<S: Syntax> Serializer for Pairs<'_, S> {
    integers! {
        emit_usize: usize, emit_isize: isize, emit_u8: u8, emit_i8: i8, emit_u16: u16, emit_i16: i16,
        emit_u32: u32, emit_i32: i32, emit_u64: u64, emit_i64: i64
    }

    fn emit_u128(&mut self, key: Key, value: u128) -> slog::Result {
        match u64::try_from(value) {
            Ok(value) => self.emit_u64(key, value),
            Err(_) => {
                self.word(key.as_ref(), itoa::Buffer::new().format(value));
                Ok(())
            }
        }
    }

    fn emit_i128(&mut self, key: Key, value: i128) -> slog::Result {
        match i64::try_from(value) {
            Ok(value) => self.emit_i64(key, value),
            Err(_) => {
                self.word(key.as_ref(), itoa::Buffer::new().format(value));
                Ok(())
            }
        }
    }

    fn emit_f32(&mut self, key: Key, value: f32) -> slog::Result {
        let wide = f64::from(value);
        self.float(key.as_ref(), wide, format_args!("{value}"), format_args!("{value:e}"));
        Ok(())
    }

    fn emit_f64(&mut self, key: Key, value: f64) -> slog::Result {
        self.float(key.as_ref(), value, format_args!("{value}"), format_args!("{value:e}"));
        Ok(())
    }

    fn emit_bool(&mut self, key: Key, value: bool) -> slog::Result {
        self.bare(key.as_ref(), if value { b"true" } else { b"false" });
        Ok(())
    }

    fn emit_char(&mut self, key: Key, value: char) -> slog::Result {
        self.word(key.as_ref(), value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn emit_str(&mut self, key: Key, value: &str) -> slog::Result {
        self.word(key.as_ref(), value);
        Ok(())
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.bare(key.as_ref(), b"null");
        Ok(())
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.bare(key.as_ref(), b"null");
        Ok(())
    }

    fn emit_bytes(&mut self, key: Key, value: &[u8], _: BytesKind) -> slog::Result {
        self.pair(key.as_ref(), |out, max| {
            text::display::<S>(out, max, |escaper| {
                for byte in value {
                    let digits = [hex(byte >> 4), hex(*byte)];
                    escaper.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)?;
                }
                Ok(())
            })
        });
        Ok(())
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.emit_text(key.as_ref(), value);
        Ok(())
    }

    fn emit_serde(&mut self, key: Key, value: &dyn SerdeValue) -> slog::Result {
        let redaction = &self.rules.redaction;
        self.pair(key.as_ref(), |out, max| {
            let value = value.as_serde();
            nested::value::<S>(out, max, &|to| value.serialize(to), redaction)
        });
        Ok(())
    }

    fn emit_error(&mut self, key: Key, error: &(dyn Error + 'static)) -> slog::Result {
        self.pair(key.as_ref(), |out, max| text::display::<S>(out, max, |escaper| chain(escaper, error)));
        Ok(())
    }
}
