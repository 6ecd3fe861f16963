//! Key-value logs on [slog]: lines that cannot be forged, for people and for machines.
//!
//! ```
//! use kit_log::{Logger, logfmt, o};
//!
//! let log = Logger::new(logfmt(std::io::stderr()));
//! kit_log::info!(log, "hello"; "a" => 1, "b" => 2); // level=info msg=hello a=1 b=2
//! ```

mod async_drain;
#[cfg(any(feature = "log", feature = "tracing"))]
pub mod bridge;
mod clock;
mod config;
mod counters;
mod drain;
mod filter;
mod format;
mod level;
mod logger;
mod macros;
mod output;
mod panics;
mod redact;
mod repeat;
#[cfg(feature = "request")]
pub mod request;
#[cfg(feature = "term")]
pub mod term;
mod timestamp;
mod value;

pub use slog;
pub use slog::o;

pub use self::async_drain::{AsyncDrain, Guard, Overflow, Queue};
pub use self::clock::{Clock, SystemClock};
pub use self::config::{Config, ConfigError};
pub use self::counters::Counters;
pub use self::drain::{LineDrain, json, logfmt};
pub use self::filter::{Levels, ParseLevelsError};
pub use self::format::Format;
pub use self::level::{Level, UnknownLevel};
pub use self::logger::Logger;
pub use self::panics::log_panics;
pub use self::redact::{DENIED_FIELDS, DENIED_HEADERS, MASK, Redaction, Secret};
pub use self::repeat::{RepeatLimit, Repeats};
pub use self::value::{Caller, Lazy, Timestamp, Utc, caller, lazy, timestamp, timestamp_from};

/// What the macros need and nobody else should name.
#[doc(hidden)]
pub mod __private {
    pub use crate::filter::Site;
    pub use crate::format::UNLEVELLED;
}
