//! The settings of a logger, the same in code and in a file.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;

use kit_core::{Code, Error};
use serde::{Deserialize, Serialize};

use crate::async_drain::{Guard, Queue};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::drain::LineDrain;
use crate::filter::Levels;
use crate::format::{Format, Formatter, LINE_MAX, Rules};
use crate::logger::Logger;
use crate::redact::Redaction;
use crate::repeat::{RepeatLimit, Repeats};

/// Shortest longest line: room for level, time, place, and something to say.
const LINE_MIN: usize = 512;
/// Longest longest line: beyond it a line is a file.
const LINE_LIMIT: usize = 1024 * 1024;

/// How a program logs.
///
/// # Examples
/// ```
/// use kit_log::{Config, Format};
///
/// let config = Config { format: Format::Json, level: "info,hyper=warn".parse()?, ..Config::default() };
/// let log = config.logger(std::io::stderr())?;
/// kit_log::info!(log, "hello"); // {"level":"info","ts":"2026-11-21T18:23:05.000000007Z","msg":"hello"}
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How a line is written. Default: logfmt.
    pub format: Format,
    /// What is printed: a [`Level`](crate::Level), or a list such as `info,hyper=warn`. Default: `info`.
    ///
    /// A handle: loggers made from clones of one configuration share their levels.
    pub level: Levels,
    /// Whether a line says when it was printed, as `ts`. Default: yes; a line without a date is of little use in a file.
    pub timestamp: bool,
    /// Whether a line says where in the source it comes from, as `caller`. Default: no; it is for developers.
    pub caller: bool,
    /// Longest line, in bytes with its newline, `[512, 1048576]`. Default: 16384, what log collectors take whole.
    pub line_max: usize,
    /// Whose values are masked. Default: the headers and fields that usually carry secrets.
    pub redact: Redaction,
    /// How many lines one place in the source may print in how long. Default: as many as it likes, because a line
    /// that is not printed is missed when it was the one that mattered.
    pub repeats: Option<Repeats>,
    /// The queue of a thread that writes, for [`start`](Config::start). Default: none, and a line is written before its
    /// macro returns.
    pub queue: Option<Queue>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            format: Format::default(),
            level: Levels::default(),
            timestamp: true,
            caller: false,
            line_max: LINE_MAX,
            redact: Redaction::default(),
            repeats: None,
            queue: None,
        }
    }
}

/// A configuration cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// `line_max` is out of its range.
    #[error("line_max is {0}, outside [{LINE_MIN}, {LINE_LIMIT}] bytes")]
    LineMax(usize),
    /// `repeats` allows no line, or has no window.
    #[error("repeats allows {} lines in {:?}: both must be more than zero", .0.lines, .0.window)]
    Repeats(Repeats),
    /// The queue's size is out of its range.
    #[error("queue.bytes is {0}, outside [{min}, {max}] bytes or less than two longest lines",
        min = Queue::BYTES.start(), max = Queue::BYTES.end())]
    QueueBytes(usize),
    /// There is a queue, and nobody to keep its guard.
    #[error("a queue needs a guard: use Config::start")]
    QueueUnguarded,
    /// The thread that writes cannot be started.
    #[error("cannot start the thread that writes the log")]
    Spawn(#[source] std::io::Error),
}

/// `InvalidArgument`, or `Unavailable` if there is no thread to be had: for programs whose start answers the one error.
impl From<ConfigError> for Error {
    #[track_caller]
    fn from(error: ConfigError) -> Self {
        let code = if matches!(error, ConfigError::Spawn(_)) { Code::Unavailable } else { Code::InvalidArgument };
        let message = error.to_string();
        Error::boundary(code, error).with_message(message)
    }
}

impl Config {
    /// A logger that prints to `writer`, a line at a time, on the thread that logs.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range, and [`ConfigError::QueueUnguarded`] if there is a queue.
    pub fn logger(&self, writer: impl Write + Send + 'static) -> Result<Logger, ConfigError> {
        if self.queue.is_some() {
            return Err(ConfigError::QueueUnguarded);
        }
        let drain = self.drain(writer)?;
        self.finish(drain.shared_clock(), drain.counters(), drain)
    }

    /// A logger that prints to `writer`, on a thread of its own if there is a [`queue`](Self::queue), and the guard to
    /// keep until the end of `main`.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range, or if no thread can be started.
    ///
    /// # Examples
    /// ```
    /// use kit_log::{Config, Queue};
    ///
    /// let config = Config { queue: Some(Queue::default()), ..Config::default() };
    /// let (log, _guard) = config.start(std::io::stderr())?;
    /// kit_log::info!(log, "hello");
    /// # Ok::<(), kit_log::ConfigError>(())
    /// ```
    pub fn start(&self, writer: impl Write + Send + 'static) -> Result<(Logger, Guard), ConfigError> {
        let drain = self.drain(writer)?;
        let (clock, counters) = (drain.shared_clock(), drain.counters());
        let Some(queue) = self.queue else {
            return Ok((self.finish(clock, counters, drain)?, Guard::idle()));
        };
        if !Queue::BYTES.contains(&queue.bytes) || queue.bytes < 2 * self.line_max {
            return Err(ConfigError::QueueBytes(queue.bytes));
        }
        let (drain, guard) = drain.spawn(queue).map_err(ConfigError::Spawn)?;
        Ok((self.finish(clock, counters, drain)?, guard))
    }

    fn finish<D>(&self, clock: Arc<dyn Clock>, counters: Counters, drain: D) -> Result<Logger, ConfigError>
    where
        D: slog::SendSyncRefUnwindSafeDrain<Ok = (), Err = Infallible> + 'static,
    {
        let levels = self.level.clone();
        let Some(limit) = self.repeats else {
            return Ok(Logger::with_counters(drain, levels, counters));
        };
        if !limit.is_valid() {
            return Err(ConfigError::Repeats(limit));
        }
        let drain = RepeatLimit::new(drain, limit).shared_clock(clock).counters(counters.clone());
        Ok(Logger::with_counters(drain, levels, counters))
    }

    /// The drain of [`logger`](Self::logger), without its levels.
    ///
    /// # Errors
    /// As [`logger`](Self::logger).
    pub fn drain(&self, writer: impl Write + Send + 'static) -> Result<LineDrain, ConfigError> {
        if !(LINE_MIN..=LINE_LIMIT).contains(&self.line_max) {
            return Err(ConfigError::LineMax(self.line_max));
        }
        let formatter = Formatter {
            timestamp: self.timestamp,
            caller: self.caller,
            rules: Rules::new(self.line_max, self.redact.clone()),
            counters: Counters::default(),
            ..Formatter::new(self.format)
        };
        Ok(LineDrain::new(formatter, writer))
    }
}
