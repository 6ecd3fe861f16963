//! The drain that makes lines and hands each to its writer whole.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

use slog::{Drain, FlushError, OwnedKVList, Record};

use crate::clock::Clock;
use crate::counters::Counters;
use crate::format::{Format, Formatter};
use crate::output::{Lost, Output};

/// A slog drain that prints one line an event, in one write.
///
/// The line is made before the writer is locked, so threads wait for one another only while writing, and a value that
/// logs while it is printed is another line, before its own. What the writer itself logs to its own drain is
/// [dropped and counted](Counters::dropped), also by a panic hook when the writer panics.
///
/// A line the writer refuses is lost and [counted](Counters::write_errors); the next one is tried afresh.
pub struct LineDrain {
    formatter: Formatter,
    output: Mutex<Output>,
}

/// A drain of logfmt lines, without a timestamp: `level=info msg=hello a=1`.
pub fn logfmt(writer: impl Write + Send + 'static) -> LineDrain {
    LineDrain::new(Formatter::new(Format::Logfmt), writer)
}

/// A drain of JSON lines, without a timestamp: `{"level":"info","msg":"hello","a":1}`.
pub fn json(writer: impl Write + Send + 'static) -> LineDrain {
    LineDrain::new(Formatter::new(Format::Json), writer)
}

impl LineDrain {
    pub(crate) fn new(formatter: Formatter, writer: impl Write + Send + 'static) -> Self {
        Self { formatter, output: Mutex::new(Output::new(Box::new(writer))) }
    }

    /// The same drain reading the time from `clock`; by default from [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.formatter.clock = Arc::new(clock);
        self
    }

    #[cfg(feature = "term")]
    pub(crate) fn painted(mut self) -> Self {
        self.formatter.painted = true;
        self
    }

    pub(crate) fn into_parts(self) -> (Formatter, Output) {
        (self.formatter, self.output.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.formatter.clock)
    }

    /// What this drain lost or cut so far.
    pub fn counters(&self) -> Counters {
        self.formatter.counters.clone()
    }
}

/// This thread writes to a drain: the lock of that drain is not to be asked for again before it is dropped.
struct Writing {
    outer: usize,
}

thread_local! {
    /// Where the drain lies that this thread is writing to; 0 for none.
    static WRITING: Cell<usize> = const { Cell::new(0) };
}

impl Writing {
    /// `None` if this thread is writing to this drain already.
    fn begin(drain: &LineDrain) -> Option<Self> {
        let at = std::ptr::from_ref(drain).addr();
        let outer = WRITING.replace(at);
        (outer != at).then_some(Self { outer })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.set(self.outer);
    }
}

impl std::fmt::Debug for LineDrain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineDrain").field("format", &self.formatter.format).finish_non_exhaustive()
    }
}

impl Drain for LineDrain {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, context: &OwnedKVList) -> Result<(), Infallible> {
        self.formatter.line(record, context, |line| {
            let Some(_writing) = Writing::begin(self) else {
                self.formatter.counters.add_dropped();
                return;
            };
            let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(Lost(count)) = output.write(line, &mut || false) {
                self.formatter.counters.add_write_errors(count);
            }
        });
        Ok(())
    }

    fn flush(&self) -> Result<(), FlushError> {
        let Some(_writing) = Writing::begin(self) else {
            return Err(FlushError::Io(ErrorKind::Deadlock.into()));
        };
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output.flush().map_err(FlushError::Io)
    }
}
