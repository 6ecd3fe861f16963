//! Pairs as slog hands them over, each written before the one it follows.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize as _;
use slog::{BytesKind, KV, Key, Record, SerdeValue, Serializer};

use super::Rules;
use super::buffer::Scratch;
use super::escape::{self, hex};
use super::keys::{self, reserved};
use super::nested;
use super::syntax::Syntax;
use super::text::{self, Escaper};
use crate::redact::MASK;

/// Deepest chain of causes printed: a chain that closes on itself must end somewhere.
const CAUSES: usize = 32;

/// Most pairs printed: each may have to be compared with the others.
const PAIRS: usize = 1024;

/// Writes the pairs of one line in one format.
pub(crate) struct Pairs<'a, S> {
    pub(crate) scratch: &'a mut Scratch,
    rules: &'a Rules,
    /// Names the drain prints on this line: a pair that comes with one is renamed.
    reserved: u8,
    /// Values cut and pairs left out so far.
    pub(crate) lost: u32,
    syntax: PhantomData<S>,
}

/// A pair that will be printed.
struct Open {
    hash: u32,
    denied: bool,
    /// Its key is the one in `Scratch::name`.
    renamed: bool,
}

impl<'a, S: Syntax> Pairs<'a, S> {
    pub(crate) fn new(scratch: &'a mut Scratch, rules: &'a Rules, reserved: u8) -> Self {
        Self { scratch, rules, reserved: reserved | reserved::TRUNCATED, lost: 0, syntax: PhantomData }
    }

    /// Writes all pairs of a list. A value that panics or fails outside its `Display` ends the list, and a pair says so.
    pub(crate) fn list(&mut self, record: &Record<'_>, list: &dyn KV) {
        let result = catch_unwind(AssertUnwindSafe(|| list.serialize(record, self)));
        let failure = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Err(error),
            Err(payload) => Ok(payload),
        };
        self.made(Key::from("log_error"), |out, max| match failure {
            Ok(payload) => text::display::<S>(out, max, |_| std::panic::resume_unwind(payload)),
            Err(error) => text::display::<S>(out, max, |escaper| write!(escaper, "{error}")),
        });
    }

    /// Whether a pair of this key is to be printed, and how. A pair nearer to the event may have the key already.
    #[inline]
    fn open(&mut self, key: &Key) -> Option<Open> {
        if self.scratch.line.len() > self.rules.scratch_max || self.scratch.parts.len() >= PAIRS {
            self.lost += 1;
            return None;
        }
        let key = name_of(key);
        let known = self.scratch.keys.known::<Key>(key, self.rules);
        let denied = known.denied;
        if known.plain && known.reserved & self.reserved == 0 {
            let hash = known.hash;
            return (!self.scratch.has(hash, key.as_bytes())).then_some(Open { hash, denied, renamed: false });
        }
        let name = &mut self.scratch.name;
        name.clear();
        escape::key(name, key);
        if known.reserved & self.reserved != 0 {
            name.push(b'_');
        }
        let hash = keys::hash(name);
        (!self.scratch.has(hash, &self.scratch.name)).then_some(Open { hash, denied, renamed: true })
    }

    /// Writes the key of a pair whose value, everything past `end`, is written.
    #[inline]
    fn close(&mut self, key: &Key, open: &Open, end: usize) {
        let Scratch { line, name, .. } = &mut *self.scratch;
        let key = name_of(key);
        let key = if open.renamed { &name[..] } else { key.as_bytes() };
        line.push_between(S::KEY_OPEN.as_bytes(), key, S::KEY_CLOSE.as_bytes());
        let len = key.len();
        self.scratch.add(end, S::KEY_OPEN.len(), len, open.hash);
    }

    /// Writes one pair whose value `write` puts at the front of the line.
    #[inline]
    fn pair(&mut self, key: Key, write: impl FnOnce(&mut Self)) {
        let Some(open) = self.open(&key) else { return };
        let end = self.scratch.line.len();
        if open.denied {
            self.plain(MASK);
        } else {
            write(self);
        }
        self.close(&key, &open, end);
    }

    /// Puts text that needs no escape at the front of the line.
    #[inline]
    fn plain(&mut self, text: &str) {
        let quote = S::QUOTE.as_bytes();
        self.scratch.line.push_between(quote, text.as_bytes(), quote);
    }

    /// Writes a pair whose value stands as it is in both formats.
    #[inline]
    fn bare(&mut self, key: Key, value: &[u8]) {
        self.pair(key, |pairs| pairs.scratch.line.push(value));
    }

    /// Writes a pair whose value is text.
    #[inline]
    fn word(&mut self, key: Key, value: &str) {
        self.pair(key, |pairs| pairs.text(value));
    }

    /// Puts text at the front of the line.
    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        if text.len() <= self.rules.value_max && escape::plain(text) && text != "null" {
            self.plain(text);
        } else {
            self.make(|out, max| text::text::<S>(out, max, text));
        }
    }

    /// Writes a pair whose value is made: `make` appends at most so many bytes, and says whether it was cut.
    pub(crate) fn made(&mut self, key: Key, make: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        self.pair(key, |pairs| pairs.make(make));
    }

    /// Puts at the front of the line what `make` appends.
    fn make(&mut self, make: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        let mut text = mem::take(&mut self.scratch.text);
        text.clear();
        self.lost += u32::from(make(&mut text, self.rules.value_max));
        self.scratch.line.push(&text);
        self.scratch.text = text;
    }

    fn float(&mut self, key: Key, value: f64, short: fmt::Arguments<'_>, power: fmt::Arguments<'_>) {
        let number = match text::float(value) {
            text::Float::Word(word) => return self.word(key, word),
            text::Float::Short => short,
            text::Float::Power => power,
        };
        self.made(key, |out, _| {
            // Writing to a vector does not fail.
            let _ = out.write_fmt(number);
            false
        });
    }
}

/// The text of a key: slog's are `&'static str`, unless some crate in the program switches on its dynamic ones.
fn name_of(key: &Key) -> &str {
    AsRef::<str>::as_ref(key)
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
            self.bare(key, itoa::Buffer::new().format(value).as_bytes());
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
                self.word(key, itoa::Buffer::new().format(value));
                Ok(())
            }
        }
    }

    fn emit_i128(&mut self, key: Key, value: i128) -> slog::Result {
        match i64::try_from(value) {
            Ok(value) => self.emit_i64(key, value),
            Err(_) => {
                self.word(key, itoa::Buffer::new().format(value));
                Ok(())
            }
        }
    }

    fn emit_f32(&mut self, key: Key, value: f32) -> slog::Result {
        self.float(key, f64::from(value), format_args!("{value}"), format_args!("{value:e}"));
        Ok(())
    }

    fn emit_f64(&mut self, key: Key, value: f64) -> slog::Result {
        self.float(key, value, format_args!("{value}"), format_args!("{value:e}"));
        Ok(())
    }

    fn emit_bool(&mut self, key: Key, value: bool) -> slog::Result {
        self.bare(key, if value { b"true" } else { b"false" });
        Ok(())
    }

    fn emit_char(&mut self, key: Key, value: char) -> slog::Result {
        self.word(key, value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn emit_str(&mut self, key: Key, value: &str) -> slog::Result {
        self.word(key, value);
        Ok(())
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.bare(key, b"null");
        Ok(())
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.bare(key, b"null");
        Ok(())
    }

    fn emit_bytes(&mut self, key: Key, value: &[u8], _: BytesKind) -> slog::Result {
        self.made(key, |out, max| {
            text::display::<S>(out, max, |escaper| {
                let digits = |byte: &u8| [char::from(hex(byte >> 4)), char::from(hex(*byte))];
                value.iter().flat_map(digits).try_for_each(|digit| escaper.write_char(digit))
            })
        });
        Ok(())
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        match value.as_str() {
            Some(value) => self.word(key, value),
            None => self.made(key, |out, max| text::display::<S>(out, max, |escaper| escaper.write_fmt(*value))),
        }
        Ok(())
    }

    fn emit_serde(&mut self, key: Key, value: &dyn SerdeValue) -> slog::Result {
        let redaction = &self.rules.redaction;
        self.made(key, |out, max| {
            let value = value.as_serde();
            nested::value::<S>(out, max, &|to| value.serialize(to), redaction)
        });
        Ok(())
    }

    fn emit_error(&mut self, key: Key, error: &(dyn Error + 'static)) -> slog::Result {
        self.made(key, |out, max| text::display::<S>(out, max, |escaper| chain(escaper, error)));
        Ok(())
    }
}
