//! The settings of a logger, the same in code and in a file.

use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::drain::LineDrain;
use crate::filter::Levels;
use crate::format::{Format, Formatter, LINE_MAX, Rules};
use crate::logger::Logger;
use crate::redact::Redaction;

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
}

impl Config {
    /// A logger that prints to `writer`, a line at a time, on the thread that logs.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn logger(&self, writer: impl Write + Send + 'static) -> Result<Logger, ConfigError> {
        let drain = self.drain(writer)?;
        Ok(Logger::with_levels(drain, self.level.clone()))
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
