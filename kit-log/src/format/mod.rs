//! From a record to the bytes of one line.

mod buffer;
mod escape;
mod keys;
mod nested;
mod pairs;
mod syntax;
mod text;

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use slog::{OwnedKVList, Record};

use self::buffer::{Back, Scratch};
use self::keys::reserved;
use self::pairs::{Pairs, own_pair};
pub(crate) use self::syntax::Syntax;
use self::syntax::{Json, Logfmt};
use crate::clock::{Clock, SystemClock};
use crate::counters::Counters;
use crate::level::Level;
use crate::redact::Redaction;
use crate::value::Place;

/// Marks a record that prints no level; slog has no such thing, so it travels in the tag.
pub const UNLEVELLED: &str = "kit_log::unlevelled";

/// Longest line unless told otherwise, in bytes with its newline.
pub(crate) const LINE_MAX: usize = 16 * 1024;

/// Bytes kept free for the mark of a line that lost something.
const MARK: usize = 32;

/// Longest place in the source printed, in bytes.
const PLACE_MAX: usize = 128;

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// `level=info msg="hello, world" a=1`: read by people and by machines. The default.
    #[default]
    Logfmt,
    /// `{"level":"info","msg":"hello, world","a":1}`: one object a line.
    Json,
}

/// What one line may hold.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Tells these rules from all others.
    number: u32,
    line_max: usize,
    /// One value takes at most half a line, so that no stranger's value leaves room for nothing else.
    value_max: usize,
    /// Pairs are written before it is known which fit: this bounds them all together.
    scratch_max: usize,
    redaction: Redaction,
}

impl Rules {
    pub(crate) fn new(line_max: usize, redaction: Redaction) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            line_max,
            value_max: line_max / 2,
            scratch_max: line_max.saturating_mul(16),
            redaction,
        }
    }
}

/// Turns records into lines.
#[derive(Clone)]
pub(crate) struct Formatter {
    pub(crate) format: Format,
    /// Whether logfmt has colours.
    #[cfg(feature = "term")]
    pub(crate) painted: bool,
    pub(crate) timestamp: bool,
    pub(crate) caller: bool,
    pub(crate) rules: Rules,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Counters,
}

impl Formatter {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            #[cfg(feature = "term")]
            painted: false,
            timestamp: false,
            caller: false,
            rules: Rules::new(LINE_MAX, Redaction::default()),
            clock: Arc::new(SystemClock),
            counters: Counters::default(),
        }
    }

    /// Longest line it makes, in bytes with its newline.
    pub(crate) fn line_max(&self) -> usize {
        self.rules.line_max
    }

    /// Formats one record and lends the line, which ends in its only newline.
    pub(crate) fn line<R>(&self, record: &Record<'_>, context: &OwnedKVList, take: impl FnOnce(&[u8]) -> R) -> R {
        buffer::with(|scratch| {
            take(match self.format {
                #[cfg(feature = "term")]
                Format::Logfmt if self.painted => self.fill::<crate::term::Painted>(scratch, record, context),
                Format::Logfmt => self.fill::<Logfmt>(scratch, record, context),
                Format::Json => self.fill::<Json>(scratch, record, context),
            })
        })
    }

    /// Writes the line from its end to its beginning: the event's pairs, the message, the context, the head.
    fn fill<'s, S: Syntax>(&self, scratch: &'s mut Scratch, record: &Record<'_>, context: &OwnedKVList) -> &'s [u8] {
        // First, because a message that turns out to be empty leaves its name to a pair.
        let (has_message, cut) = self.message::<S>(scratch, record.msg());
        let mut own = 0;
        let mut print = |name, printed| own |= if printed { name } else { 0 };
        let levelled = record.tag() != UNLEVELLED;
        print(reserved::LEVEL, levelled);
        print(reserved::TS, self.timestamp);
        print(reserved::CALLER, self.caller);
        print(reserved::MSG, has_message);

        scratch.line.push(S::CLOSE.as_bytes());
        let mut pairs = Pairs::<S>::new(scratch, &self.rules, own);
        pairs.lost += u32::from(cut);
        pairs.list(record, &record.kv());
        if has_message {
            let made = mem::take(&mut pairs.scratch.message);
            pairs.message(record.msg(), &made);
            pairs.scratch.message = made;
        }
        pairs.list(record, context);
        let lost = pairs.lost;
        let body = scratch.line.len();
        self.head::<S>(scratch, record);
        let level = levelled.then(|| Level::from_slog(record.level()));
        let size = scratch.line.len() + level.map_or(S::OPEN, S::level).len();
        if lost > 0 || size > self.rules.line_max {
            self.trim::<S>(scratch, body, size, lost);
        }
        open_line::<S>(&mut scratch.line, level);
        scratch.line.content()
    }

    /// Makes a message that has parts to fill in. Says whether there is a message, and whether it was cut.
    fn message<S: Syntax>(&self, scratch: &mut Scratch, message: &fmt::Arguments<'_>) -> (bool, bool) {
        if let Some(message) = message.as_str() {
            return (!message.is_empty(), false);
        }
        let out = &mut scratch.message;
        out.clear();
        let cut = text::display::<S>(out, self.rules.value_max, |escaper| fmt::Write::write_fmt(escaper, *message));
        // An empty text is two quotes; quotes inside a text are escaped.
        (out != b"\"\"", cut)
    }

    fn head<S: Syntax>(&self, scratch: &mut Scratch, record: &Record<'_>) {
        if self.caller {
            let mut text = mem::take(&mut scratch.text);
            text.clear();
            text::display::<S>(&mut text, PLACE_MAX, |escaper| {
                fmt::Write::write_fmt(escaper, format_args!("{}", Place::of(record)))
            });
            own_pair::<S>(&mut scratch.line, "caller", "", &text);
            scratch.text = text;
        }
        let Scratch { line, dates, .. } = scratch;
        if self.timestamp {
            own_pair::<S>(line, "ts", S::QUOTE, dates.text(self.clock.wall()));
        }
    }

    /// Puts together a line that lost something, with the mark at its end. While it is too long, its longest part goes.
    #[cold]
    fn trim<S: Syntax>(&self, scratch: &mut Scratch, body: usize, mut size: usize, mut lost: u32) {
        let Scratch { line, parts, text, .. } = scratch;
        size += MARK;
        while size > self.rules.line_max && !parts.is_empty() {
            let longest = (0..parts.len()).max_by_key(|at| parts[*at].len()).unwrap_or_default();
            size -= parts.remove(longest).len();
            lost += 1;
        }
        self.counters.add_truncated();
        let mark = [S::KEY_OPEN, "truncated", S::KEY_CLOSE, &lost.to_string(), S::CLOSE];
        text.clear();
        text.extend_from_slice(line.between(line.len(), body));
        for part in parts.iter().rev() {
            text.extend_from_slice(part.of(line));
        }
        mark.iter().for_each(|piece| text.extend_from_slice(piece.as_bytes()));
        line.clear();
        line.push(text);
    }
}

/// Puts what opens a line at its front: the level, or else the mark in place of the first pair's separator.
fn open_line<S: Syntax>(line: &mut Back, level: Option<Level>) {
    match level {
        Some(level) => line.push(S::level(level).as_bytes()),
        None => {
            if line.len() > S::CLOSE.len() {
                line.pop(1);
            }
            line.push(S::OPEN.as_bytes());
        }
    }
}
