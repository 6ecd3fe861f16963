//! Text values: escaped while they are printed, whatever their `Display` does.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::escape::{Escaped, escape};
use super::syntax::Syntax;

/// Stands at the end of a text that was cut.
const CUT: &str = "…";

/// A formatter's output, escaped on its way into a line.
pub(crate) struct Escaper<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
    done: Escaped,
}

impl fmt::Write for Escaper<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.done.cut {
            return Err(fmt::Error);
        }
        let Escaped { quoted, cut } = escape(self.out, self.end, text);
        self.done.quoted |= quoted;
        self.done.cut = cut;
        // The error stops a `Display` that has megabytes to come.
        if cut { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Appends one text value of at most `max` bytes; says whether it was cut.
pub(crate) fn text<S: Syntax>(out: &mut Vec<u8>, max: usize, text: &str) -> bool {
    let start = open::<S>(out);
    let done = escape(out, start + max, text);
    close::<S>(out, start, done)
}

/// [`text`] for what prints itself. A failure or a panic becomes the value's text.
pub(crate) fn display<S: Syntax>(
    out: &mut Vec<u8>,
    max: usize,
    print: impl FnOnce(&mut Escaper<'_>) -> fmt::Result,
) -> bool {
    let start = open::<S>(out);
    let mut escaper = Escaper { out, end: start + max, done: Escaped::default() };
    let result = catch_unwind(AssertUnwindSafe(|| print(&mut escaper)));
    let mut done = escaper.done;
    match result {
        Ok(Ok(())) => {}
        Ok(Err(fmt::Error)) if done.cut => {}
        Ok(Err(fmt::Error)) => {
            out.truncate(start);
            done = escape(out, start + max, "[format error]");
        }
        Err(payload) => {
            out.truncate(start);
            done = panicked(out, start + max, payload.as_ref());
        }
    }
    close::<S>(out, start, done)
}

/// [`text`] of what is known to be only the beginning of a value.
pub(crate) fn cut<S: Syntax>(out: &mut Vec<u8>, max: usize, text: &str) -> bool {
    let start = open::<S>(out);
    let done = escape(out, start + max, text);
    close::<S>(out, start, Escaped { cut: true, ..done })
}

/// How a float is written.
pub(crate) enum Float {
    /// As a text: JSON has no such number.
    Word(&'static str),
    /// In full: its shortest form that reads back the same.
    Short,
    /// With a power of ten, because in full it would be long.
    Power,
}

/// How to write a float of this value.
pub(crate) fn float(value: f64) -> Float {
    let size = value.abs();
    if value.is_nan() {
        Float::Word("NaN")
    } else if value.is_infinite() {
        Float::Word(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if size == 0.0 || (1e-5..1e16).contains(&size) {
        Float::Short
    } else {
        Float::Power
    }
}

/// Appends what stands for a value that panicked.
pub(crate) fn panicked(out: &mut Vec<u8>, end: usize, payload: &(dyn Any + Send)) -> Escaped {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let mut done = Escaped::default();
    for piece in ["[panic: ", message, "]"] {
        let Escaped { quoted, cut } = escape(out, end, piece);
        done.quoted |= quoted;
        done.cut |= cut;
    }
    done
}

fn open<S: Syntax>(out: &mut Vec<u8>) -> usize {
    if S::ALWAYS_QUOTED {
        out.push(b'"');
    }
    out.len()
}

fn close<S: Syntax>(out: &mut Vec<u8>, start: usize, done: Escaped) -> bool {
    if done.cut {
        out.extend_from_slice(CUT.as_bytes());
    }
    if S::ALWAYS_QUOTED {
        out.push(b'"');
    } else if done.quoted || done.cut || matches!(&out[start..], b"" | b"null") {
        out.insert(start, b'"');
        out.push(b'"');
    }
    done.cut
}

impl Escaper<'_> {
    /// Appends `: ` and a cause, unless the text so far ends in that cause already.
    pub(crate) fn unless_said(&mut self, cause: &dyn fmt::Display) -> fmt::Result {
        use fmt::Write as _;

        let so_far = self.out.len();
        let before = self.done;
        write!(self, ": {cause}")?;
        let added = &self.out[so_far..];
        // Both sides are escaped alike, so equal bytes are equal texts.
        if self.out[..so_far].ends_with(&added[2..]) {
            self.out.truncate(so_far);
            self.done = before;
        }
        Ok(())
    }
}
