//! Lines written by a thread of their own, so that a slow disk, a full pipe or a terminal on hold slows nobody.
//!
//! The caller formats the line, into its thread's own buffer, and copies its bytes into a queue bounded in bytes; that
//! is all it ever does. The thread takes everything queued at once and writes whole lines, as many as fit 4,096 bytes
//! in one write: what a pipe takes in one piece, so lines of several processes do not mix.
//!
//! After a burst the thread waits a few milliseconds for more before it sleeps, so that under load callers wake nobody;
//! a first line after silence is written at once.

mod guard;
mod queue;
mod worker;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use slog::{Drain, FlushError, OwnedKVList, Record};

pub use self::guard::Guard;
use self::queue::Shared;
use self::worker::Worker;
use crate::counters::Counters;
use crate::drain::LineDrain;
use crate::format::Formatter;

/// What happens to a line for which the queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// It is dropped and counted, and a line with the count follows when there is room again. The default: a service
    /// is there to answer calls.
    #[default]
    DropAndCount,
    /// Its caller waits for room, for ever if the writer never takes another byte: for programs whose log is the point.
    Block,
}

/// The settings of a queue of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Most bytes waiting to be written, `[65536, 1073741824]` and at least two of the longest lines. As many again may
    /// be with the writer. Default: 1 MiB, some 5,000 usual lines, a second of a busy service.
    pub bytes: usize,
    /// What happens to a line that finds it full. Default: it is dropped and counted.
    pub overflow: Overflow,
    /// How long shutting down, or a flush through slog, waits for the writer. Default: 1 s, within the grace an
    /// orchestrator gives a process. In a file as people write it: `500ms`.
    #[serde(with = "kit_core::duration")]
    pub patience: Duration,
}

impl Default for Queue {
    fn default() -> Self {
        Self { bytes: 1024 * 1024, overflow: Overflow::default(), patience: Duration::from_secs(1) }
    }
}

impl Queue {
    pub(crate) const BYTES: std::ops::RangeInclusive<usize> = 64 * 1024..=1024 * 1024 * 1024;
}

/// A slog drain that formats a line and leaves writing it to a thread. Made by [`LineDrain::spawn`].
pub struct AsyncDrain {
    formatter: Formatter,
    shared: Arc<Shared>,
}

impl LineDrain {
    /// Moves this drain's writer to a thread of its own. The [`Guard`] stops that thread: keep it until the end of `main`.
    ///
    /// A queue smaller than the range of [`Queue::bytes`] or larger has the nearest size in it.
    ///
    /// # Errors
    /// The system cannot start a thread.
    ///
    /// # Examples
    /// ```
    /// use kit_log::{Logger, Queue, logfmt};
    ///
    /// let (drain, _guard) = logfmt(std::io::stderr()).spawn(Queue::default())?;
    /// let log = Logger::new(drain);
    /// kit_log::info!(log, "written by another thread");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn(self, queue: Queue) -> io::Result<(AsyncDrain, Guard)> {
        let (formatter, output) = self.into_parts();
        let bytes = queue.bytes.clamp(*Queue::BYTES.start(), *Queue::BYTES.end()).max(2 * formatter.line_max());
        let shared = Arc::new(Shared::new(Queue { bytes, ..queue }, formatter.counters.clone()));
        let worker = Worker::new(Arc::clone(&shared), formatter.clone(), output);
        let thread = thread::Builder::new().name("kit-log".into()).spawn(move || worker.run())?;
        let guard = Guard::new(Arc::clone(&shared), thread);
        Ok((AsyncDrain { formatter, shared }, guard))
    }
}

impl AsyncDrain {
    /// What this drain lost or cut so far.
    pub fn counters(&self) -> Counters {
        self.formatter.counters.clone()
    }
}

impl std::fmt::Debug for AsyncDrain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncDrain").field("queue", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Drain for AsyncDrain {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, context: &OwnedKVList) -> Result<(), Infallible> {
        self.formatter.line(record, context, |line| self.shared.push(line));
        Ok(())
    }

    /// Waits until what was logged so far is written, at most for [`Queue::patience`].
    fn flush(&self) -> Result<(), FlushError> {
        if self.shared.flush(self.shared.settings.patience) {
            Ok(())
        } else {
            Err(FlushError::Io(io::ErrorKind::TimedOut.into()))
        }
    }
}
