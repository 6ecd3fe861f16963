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
use super::buffer::{Back, Scratch};
use super::escape::{self, hex};
use super::keys::{self, BLOCK, reserved};
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
    /// What keeps a key from being [usual](Self::write_usual).
    unusual: u8,
    /// Values cut and pairs left out so far.
    pub(crate) lost: u32,
    syntax: PhantomData<S>,
}

/// A pair that will be printed.
#[derive(Clone, Copy)]
struct Open {
    hash: u32,
    denied: bool,
    /// Its key is written as `Scratch::name` has it.
    renamed: bool,
}

/// A value that is ready.
#[derive(Clone, Copy)]
enum Value<'v> {
    /// As it stands in both formats.
    Bare(&'v [u8]),
    /// Text that needs no escape.
    Plain(&'v [u8]),
    Number {
        negative: bool,
        size: u64,
    },
}

impl<'a, S: Syntax> Pairs<'a, S> {
    pub(crate) fn new(scratch: &'a mut Scratch, rules: &'a Rules, reserved: u8) -> Self {
        let reserved = reserved | reserved::TRUNCATED;
        let unusual = reserved | keys::ODD | keys::DENIED | keys::LONG;
        Self { scratch, rules, reserved, unusual, lost: 0, syntax: PhantomData }
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

    /// Writes a pair if it is one of the usual: a key in one piece that the line does not have yet, whose value is shown. One
    /// test finds what is not, since a line has as many of them as it has pairs.
    #[inline(always)]
    fn write_usual(&mut self, key: &str, value: Value<'_>) -> bool {
        let Scratch { line, parts, keys, .. } = &mut *self.scratch;
        let (end, room) = (line.len(), parts.len() < PAIRS);
        let number = keys.look_up::<S, Key>(key, self.rules);
        let known = keys.at(number);
        let hash = known.hash;
        if known.is(self.unusual) || end > self.rules.scratch_max || !room || self.scratch.may_have(hash) {
            return false;
        }
        let Scratch { line, keys, .. } = &mut *self.scratch;
        let (block, len) = keys.at(number).block();
        push::<S>(line, block, len, value);
        self.scratch.add(end, S::KEY_OPEN.len(), key.len(), hash);
        true
    }

    /// Whether a pair of this key is to be printed, and how. A pair nearer to the event may have the key already.
    #[inline]
    fn open(&mut self, key: &str) -> Option<Open> {
        let Scratch { line, parts, keys, .. } = &mut *self.scratch;
        if line.len() > self.rules.scratch_max || parts.len() >= PAIRS {
            self.lost += 1;
            return None;
        }
        let number = keys.look_up::<S, Key>(key, self.rules);
        let known = keys.at(number);
        let (hash, denied) = (known.hash, known.is(keys::DENIED));
        if known.is(self.reserved | keys::ODD) {
            let reserved = known.is(self.reserved);
            return self.open_odd(key, denied, reserved);
        }
        (!self.scratch.has(hash, key.as_bytes())).then_some(Open { hash, denied, renamed: false })
    }

    /// [`open`](Self::open) for a key that is not printed as it is.
    #[cold]
    fn open_odd(&mut self, key: &str, denied: bool, reserved: bool) -> Option<Open> {
        let name = &mut self.scratch.name;
        name.clear();
        escape::key(name, key);
        if reserved {
            name.push(b'_');
        }
        let hash = keys::hash(name);
        (!self.scratch.has(hash, &self.scratch.name)).then_some(Open { hash, denied, renamed: true })
    }

    /// Puts one pair at the front of the line.
    fn write(&mut self, key: &str, open: Open, value: Value<'_>) {
        let Scratch { line, name, .. } = &mut *self.scratch;
        let end = line.len();
        push::<S>(line, &[0; BLOCK], 0, value);
        let key = if open.renamed { &name[..] } else { key.as_bytes() };
        line.push_between(S::KEY_OPEN.as_bytes(), key, S::KEY_CLOSE.as_bytes());
        let len = key.len();
        self.scratch.add(end, S::KEY_OPEN.len(), len, open.hash);
    }

    fn write_masked(&mut self, key: &str, open: Open) {
        self.write(key, open, Value::Plain(MASK.as_bytes()));
    }

    /// Writes a pair whose value is ready.
    #[inline(always)]
    fn put(&mut self, key: Key, value: Value<'_>) {
        let key = name_of(&key);
        if !self.write_usual(key, value) {
            self.put_unusual(key, value);
        }
    }

    #[cold]
    fn put_unusual(&mut self, key: &str, value: Value<'_>) {
        match self.open(key) {
            Some(open) if open.denied => self.write_masked(key, open),
            Some(open) => self.write(key, open, value),
            None => {}
        }
    }

    // Each of the next three is one function whole: of calls within calls a line spends more time than on its bytes.

    /// Writes a pair whose value stands as it is in both formats.
    #[inline(never)]
    fn bare(&mut self, key: Key, value: &[u8]) {
        self.put(key, Value::Bare(value));
    }

    /// Writes a pair whose value is a number.
    #[inline(never)]
    fn number(&mut self, key: Key, negative: bool, size: u64) {
        self.put(key, Value::Number { negative, size });
    }

    /// Writes a pair whose value is text that needs no escape.
    #[inline(never)]
    fn plain(&mut self, key: Key, value: &str) {
        self.put(key, Value::Plain(value.as_bytes()));
    }

    /// Writes a pair whose value is text.
    #[inline]
    fn word(&mut self, key: Key, value: &str) {
        if self.is_plain(value) {
            self.plain(key, value);
        } else {
            self.made(key, |out, max| text::text::<S>(out, max, value));
        }
    }

    #[inline]
    fn is_plain(&self, value: &str) -> bool {
        value.len() <= self.rules.value_max && escape::plain(value) && value != "null"
    }

    /// Writes a pair whose value is made: `make` appends at most so many bytes, and says whether it was cut.
    pub(crate) fn made(&mut self, key: Key, make: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        let key = name_of(&key);
        let Some(open) = self.open(key) else { return };
        if open.denied {
            return self.write_masked(key, open);
        }
        let mut text = mem::take(&mut self.scratch.text);
        text.clear();
        self.lost += u32::from(make(&mut text, self.rules.value_max));
        self.write(key, open, Value::Bare(&text));
        self.scratch.text = text;
    }

    /// Writes the message: `made` is what was made of one with parts to fill in.
    pub(crate) fn message(&mut self, message: &fmt::Arguments<'_>, made: &[u8]) {
        const MSG: &str = "msg";
        let end = self.scratch.line.len();
        match message.as_str() {
            Some(text) if self.is_plain(text) => {
                own_pair::<S>(&mut self.scratch.line, MSG, S::QUOTE, text.as_bytes());
            }
            Some(text) => {
                let Scratch { line, text: out, .. } = &mut *self.scratch;
                out.clear();
                self.lost += u32::from(text::text::<S>(out, self.rules.value_max, text));
                own_pair::<S>(line, MSG, "", out);
            }
            None => own_pair::<S>(&mut self.scratch.line, MSG, "", made),
        }
        self.scratch.add(end, S::KEY_OPEN.len(), MSG.len(), const { keys::hash(MSG.as_bytes()) });
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

/// Puts a value and what is in a block before it at the front of the line.
#[inline(always)]
fn push<S: Syntax>(line: &mut Back, block: &[u8; BLOCK], len: usize, value: Value<'_>) {
    match value {
        Value::Bare(value) => line.push_text(block, len, b"", value),
        Value::Plain(value) => line.push_text(block, len, S::QUOTE.as_bytes(), value),
        Value::Number { negative, size } => line.push_number(block, len, negative, size),
    }
}

/// Puts one of the drain's own pairs at the front of the line: its value stands as it is, between two `quote`s.
#[inline(always)]
pub(crate) fn own_pair<S: Syntax>(line: &mut Back, key: &str, quote: &str, value: &[u8]) {
    line.push_pair([S::KEY_OPEN, key, S::KEY_CLOSE, quote].map(str::as_bytes), value);
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

macro_rules! unsigned {
    ($($emit:ident: $type:ty),*) => {
        $(fn $emit(&mut self, key: Key, value: $type) -> slog::Result {
            self.number(key, false, value as u64);
            Ok(())
        })*
    };
}

macro_rules! signed {
    ($($emit:ident: $type:ty),*) => {
        $(fn $emit(&mut self, key: Key, value: $type) -> slog::Result {
            self.number(key, value < 0, value.unsigned_abs() as u64);
            Ok(())
        })*
    };
}

impl<S: Syntax> Serializer for Pairs<'_, S> {
    unsigned! { emit_usize: usize, emit_u8: u8, emit_u16: u16, emit_u32: u32, emit_u64: u64 }

    signed! { emit_isize: isize, emit_i8: i8, emit_i16: i16, emit_i32: i32, emit_i64: i64 }

    fn emit_u128(&mut self, key: Key, value: u128) -> slog::Result {
        match u64::try_from(value) {
            Ok(value) => self.emit_u64(key, value),
            Err(_) => {
                self.made(key, |out, max| text::display::<S>(out, max, |escaper| write!(escaper, "{value}")));
                Ok(())
            }
        }
    }

    fn emit_i128(&mut self, key: Key, value: i128) -> slog::Result {
        match i64::try_from(value) {
            Ok(value) => self.emit_i64(key, value),
            Err(_) => {
                self.made(key, |out, max| text::display::<S>(out, max, |escaper| write!(escaper, "{value}")));
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
