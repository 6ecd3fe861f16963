//! From a record to the bytes of one line.

mod buffer;
mod escape;
mod nested;
mod pairs;
mod syntax;
mod text;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use slog::{OwnedKVList, Record};

use self::buffer::Scratch;
use self::pairs::{Pairs, TRUNCATED};
use self::syntax::{Json, Logfmt, Syntax};
use crate::clock::{Clock, SystemClock};
use crate::counters::Counters;
use crate::level::Level;
use crate::redact::Redaction;
use crate::timestamp;
use crate::value::Place;

/// Marks a record that prints no level; slog has no such thing, so it travels in the tag.
pub const UNLEVELLED: &str = "kit_log::unlevelled";

/// Longest line unless told otherwise, in bytes with its newline.
pub(crate) const LINE_MAX: usize = 16 * 1024;

/// Bytes kept free for the mark of a line that lost something.
const MARK: usize = 32;

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
    line_max: usize,
    /// One value takes at most half a line, so that no stranger's value leaves room for nothing else.
    value_max: usize,
    /// Pairs are written before it is known which fit: this bounds them all together.
    scratch_max: usize,
    redaction: Redaction,
}

impl Rules {
    pub(crate) fn new(line_max: usize, redaction: Redaction) -> Self {
        Self { line_max, value_max: line_max / 2, scratch_max: line_max.saturating_mul(16), redaction }
    }
}

/// Turns records into lines.
#[derive(Clone)]
pub(crate) struct Formatter {
    pub(crate) format: Format,
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
            timestamp: false,
            caller: false,
            rules: Rules::new(LINE_MAX, Redaction::default()),
            clock: Arc::new(SystemClock),
            counters: Counters::default(),
        }
    }

    /// Formats one record and lends the line, which ends in its only newline.
    pub(crate) fn line<R>(&self, record: &Record<'_>, context: &OwnedKVList, take: impl FnOnce(&[u8]) -> R) -> R {
        buffer::with(|scratch| {
            match self.format {
                Format::Logfmt => self.fill::<Logfmt>(scratch, record, context),
                Format::Json => self.fill::<Json>(scratch, record, context),
            }
            take(&scratch.line)
        })
    }

    fn fill<S: Syntax>(&self, scratch: &mut Scratch, record: &Record<'_>, context: &OwnedKVList) {
        let mut pairs = Pairs::<S>::new(scratch, &self.rules);
        if record.tag() != UNLEVELLED {
            pairs.ready(S::level(Level::from_slog(record.level())), "level".len());
        }
        if self.timestamp {
            let text = timestamp::rfc3339(self.clock.wall());
            pairs.pair("ts", |out, max| text::text::<S>(out, max, std::str::from_utf8(&text).unwrap_or_default()));
        }
        if self.caller {
            pairs.pair("caller", |out, max| {
                text::display::<S>(out, max, |escaper| {
                    fmt::Write::write_fmt(escaper, format_args!("{}", Place::of(record)))
                })
            });
        }
        let head = pairs.scratch.parts.len();
        pairs.message(record.msg());
        pairs.fix();
        let message = pairs.scratch.parts.len();
        pairs.list(record, &record.kv());
        let event = pairs.scratch.parts.len();
        pairs.list(record, context);
        let lost = pairs.lost;
        self.assemble::<S>(scratch, [head, message, event], lost);
    }

    /// Puts the parts in reading order: head, context from the outermost in, message, the event's own pairs.
    fn assemble<S: Syntax>(&self, scratch: &mut Scratch, [head, message, event]: [usize; 3], mut lost: u32) {
        let Scratch { bytes, parts, line, .. } = scratch;
        let marks = S::OPEN.len() + S::CLOSE.len() + 1;
        let mut size = marks + parts.iter().map(|part| part.len() + 1).sum::<usize>();
        let room = self.rules.line_max;
        while size + if lost > 0 { MARK } else { 0 } > room {
            let Some(longest) = parts[head..].iter_mut().max_by_key(|part| part.len()) else {
                break;
            };
            if longest.len() == 0 {
                break;
            }
            size -= longest.len() + 1;
            longest.end = longest.start;
            lost += 1;
        }
        line.reserve(size + MARK);
        line.extend_from_slice(S::OPEN.as_bytes());
        let order = parts[..head]
            .iter()
            .chain(parts[event..].iter().rev())
            .chain(&parts[head..message])
            .chain(parts[message..event].iter().rev());
        for part in order.filter(|part| part.len() > 0) {
            line.extend_from_slice(&bytes[part.start..part.end]);
            line.push(S::SEPARATOR);
        }
        if lost > 0 {
            self.counters.add_truncated();
            line.extend_from_slice(S::KEY_OPEN.as_bytes());
            line.extend_from_slice(TRUNCATED.as_bytes());
            line.extend_from_slice(S::KEY_CLOSE.as_bytes());
            line.extend_from_slice(itoa::Buffer::new().format(lost).as_bytes());
        } else if line.len() > S::OPEN.len() {
            line.pop();
        }
        line.extend_from_slice(S::CLOSE.as_bytes());
        line.push(b'\n');
    }
}
