//! Values that are made when a line is printed, not when they are attached.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use slog::{Key, Record, Serializer, Value};

use crate::clock::{Clock, SystemClock};
use crate::timestamp::rfc3339;

/// A value computed anew for every line printed, and never for a line refused.
///
/// A panic of the closure is caught and printed in the value's place.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use kit_log::{Logger, lazy, logfmt, o};
///
/// static OPEN: AtomicU64 = AtomicU64::new(7);
/// let log = Logger::new(logfmt(std::io::stderr())).with(o!("open" => lazy(|| OPEN.load(Ordering::Relaxed))));
/// kit_log::info!(log, "accepted"); // level=info open=7 msg=accepted
/// ```
pub fn lazy<V: Value, F: Fn() -> V>(make: F) -> Lazy<F> {
    Lazy(make)
}

/// A value computed when a line is printed: made by [`lazy`].
#[derive(Clone, Copy, Debug)]
#[must_use = "does nothing until it is attached to a logger or an event"]
pub struct Lazy<F>(F);

impl<V: Value, F: Fn() -> V> Value for Lazy<F> {
    fn serialize(&self, record: &Record<'_>, key: Key, to: &mut dyn Serializer) -> slog::Result {
        match catch_unwind(AssertUnwindSafe(&self.0)) {
            Ok(value) => value.serialize(record, key, to),
            Err(payload) => {
                // Raised again where the drain prints text, which knows how to show a panic.
                let payload = std::cell::Cell::new(Some(payload));
                to.emit_arguments(key, &format_args!("{}", Raise(payload)))
            }
        }
    }
}

struct Raise(std::cell::Cell<Option<Box<dyn std::any::Any + Send>>>);

impl fmt::Display for Raise {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.take() {
            Some(payload) => std::panic::resume_unwind(payload),
            None => Err(fmt::Error),
        }
    }
}

/// The time a line is printed, in UTC as RFC 3339 with nanoseconds. `Config::timestamp` prints the same as `ts`.
pub fn timestamp() -> Timestamp {
    timestamp_from(SystemClock)
}

/// [`timestamp`] read from a clock of the caller's.
pub fn timestamp_from(clock: impl Clock) -> Timestamp {
    Timestamp(Arc::new(clock))
}

/// The time a line is printed: made by [`timestamp`].
#[derive(Clone)]
#[must_use = "does nothing until it is attached to a logger or an event"]
pub struct Timestamp(Arc<dyn Clock>);

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timestamp")
    }
}

impl Value for Timestamp {
    fn serialize(&self, _: &Record<'_>, key: Key, to: &mut dyn Serializer) -> slog::Result {
        emit(self.0.wall(), key, to)
    }
}

/// A moment as a value, printed in UTC as RFC 3339 with nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "does nothing until it is attached to a logger or an event"]
pub struct Utc(
    /// The moment.
    pub SystemTime,
);

impl Value for Utc {
    fn serialize(&self, _: &Record<'_>, key: Key, to: &mut dyn Serializer) -> slog::Result {
        emit(self.0, key, to)
    }
}

fn emit(time: SystemTime, key: Key, to: &mut dyn Serializer) -> slog::Result {
    let text = rfc3339(time);
    to.emit_str(key, std::str::from_utf8(&text).unwrap_or_default())
}

/// The place in the source an event was written, `file.rs:line`. `Config::caller` prints the same as `caller`.
pub fn caller() -> Caller {
    Caller(())
}

/// The place an event was written: made by [`caller`].
#[derive(Clone, Copy, Debug)]
#[must_use = "does nothing until it is attached to a logger or an event"]
pub struct Caller(());

impl Value for Caller {
    fn serialize(&self, record: &Record<'_>, key: Key, to: &mut dyn Serializer) -> slog::Result {
        to.emit_arguments(key, &format_args!("{}", Place::of(record)))
    }
}

/// A source place as printed: the file's last path segment and the line.
pub(crate) struct Place(&'static str, u32);

impl Place {
    pub(crate) fn of(record: &Record<'_>) -> Self {
        let file = record.file();
        let base = file.rfind(['/', '\\']).map_or(file, |at| &file[at + 1..]);
        Self(base, record.line())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}
