//! A limit on lines that come again and again from one place in the source.
//!
//! A loop that fails a million times tells its story in a few lines and a number. Lines are the same when the same
//! macro wrote them: their values differ, and often their messages too.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use slog::{BorrowedKV, Drain, FlushError, KV, OwnedKVList, Record, RecordStatic, SingleKV};

use crate::clock::{Clock, SystemClock};
use crate::counters::Counters;

/// Most places watched. A program has fewer; if one has more, the lines of the others all pass.
const PLACES: usize = 4096;

/// How many lines one place may print in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    /// Lines printed in a window, `1` or more.
    pub lines: u32,
    /// How long a window lasts, more than zero. It begins with the first line in it. In a file as people write it: `1m`.
    #[serde(with = "kit_core::duration")]
    pub window: Duration,
}

impl Repeats {
    /// Whether a limit can be made of these numbers.
    pub(crate) fn is_valid(self) -> bool {
        self.lines > 0 && !self.window.is_zero()
    }
}

/// A drain that lets at most so many lines from one place through in a window.
///
/// The first line of the place after its window ends carries `repeated`, the number held back since; all of them are
/// in [`Counters::repeated`]. Lines held back cost neither formatting nor a write.
pub struct RepeatLimit<D> {
    inner: D,
    limit: Repeats,
    clock: Arc<dyn Clock>,
    counters: Counters,
    places: Mutex<HashMap<Place, Window>>,
}

/// Where a macro stands. A file's name lies at one address in each of a program's units.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place(usize, u32, u32);

struct Window {
    began: Duration,
    printed: u32,
    held_back: u64,
}

enum Verdict {
    HoldBack,
    Print { held_back: u64 },
}

impl<D> RepeatLimit<D> {
    /// Limits what reaches `inner`. A limit of no lines is one line; a window of no time holds nothing back.
    pub fn new(inner: D, limit: Repeats) -> Self {
        Self {
            inner,
            limit: Repeats { lines: limit.lines.max(1), ..limit },
            clock: Arc::new(SystemClock),
            counters: Counters::default(),
            places: Mutex::default(),
        }
    }

    /// The same limit measured by `clock`; by default by [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same limit counting in `counters`, such as those of the drain below.
    #[must_use]
    pub fn counters(mut self, counters: Counters) -> Self {
        self.counters = counters;
        self
    }

    pub(crate) fn shared_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn judge(&self, place: Place, now: Duration) -> Verdict {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= PLACES && !places.contains_key(&place) {
            return Verdict::Print { held_back: 0 };
        }
        let window = places.entry(place).or_insert(Window { began: now, printed: 0, held_back: 0 });
        if now.saturating_sub(window.began) >= self.limit.window {
            window.began = now;
            window.printed = 0;
        }
        if window.printed == self.limit.lines {
            window.held_back += 1;
            return Verdict::HoldBack;
        }
        window.printed += 1;
        Verdict::Print { held_back: std::mem::take(&mut window.held_back) }
    }
}

impl<D> fmt::Debug for RepeatLimit<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepeatLimit").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<D: Drain<Ok = (), Err = Infallible>> Drain for RepeatLimit<D> {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, context: &OwnedKVList) -> Result<(), Infallible> {
        // A bridged event may not say where it comes from; such events are no repeats of one another.
        if record.file().is_empty() {
            return self.inner.log(record, context);
        }
        let place = Place(record.file().as_ptr() as usize, record.line(), record.column());
        match self.judge(place, self.clock.monotonic()) {
            Verdict::HoldBack => {
                self.counters.add_repeated();
                Ok(())
            }
            Verdict::Print { held_back: 0 } => self.inner.log(record, context),
            Verdict::Print { held_back } => {
                let fixed = RecordStatic { location: record.location(), tag: record.tag(), level: record.level() };
                // slog's order: what comes first is printed last.
                let pairs = (SingleKV::from(("repeated", held_back)), record.kv());
                let pairs: &dyn KV = &pairs;
                self.inner.log(&Record::new(&fixed, record.msg(), BorrowedKV(pairs)), context)
            }
        }
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        self.inner.is_enabled(level)
    }

    fn flush(&self) -> Result<(), FlushError> {
        self.inner.flush()
    }
}
