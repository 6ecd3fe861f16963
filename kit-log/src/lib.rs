//! Key-value logs on [slog]: lines that no input can forge, for people and for machines.
//!
//! ```
//! use kit_log::{Config, o};
//!
//! let config = Config { level: "info,hyper=warn".parse()?, timestamp: false, ..Config::default() };
//! let log = config.logger(std::io::stderr())?.with(o!("service" => "shop"));
//! kit_log::info!(log, "listening"; "port" => 8080); // level=info service=shop msg=listening port=8080
//!
//! let request = log.with(o!("request_id" => "01HX")); // for one call: cheap, and everything below it says so
//! kit_log::warn!(request, "slow reply from {}", "db"; "took_ms" => 812, "password" => "hunter2");
//! // level=warn service=shop request_id=01HX msg="slow reply from db" took_ms=812 password=[redacted]
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Logger`] is a value, passed to whoever logs; nothing is looked up in a global. It wraps a slog logger, so any
//! slog drain is good, and slog's macros and values work. An event below the [`Levels`] in force costs one relaxed load
//! and evaluates nothing; [`Levels`] change while the program runs, per target if need be. A line allocates nothing
//! once its thread has printed one.
//!
//! # Lines
//! In both formats: `level`, `ts` and `caller` if configured, the context from the outermost in, `msg`, the event's own
//! pairs as they were written. A line without a level is [`log!`](crate::log); an event without a message is
//! `info!(log; "a" => 1)`; what is not given is not printed, and an empty message counts as none.
//!
//! One event is one line and one write. Controls, bidirectional and invisible characters, quotes and backslashes are
//! escaped as JSON escapes them, in both formats. A line has at most [`Config::line_max`] bytes: a value longer than
//! half of that is cut and ends in `…`; if the line is still too long, its longest pairs are left out; then it ends in
//! `truncated`, the number of values cut or left out.
//!
//! | what goes in | logfmt | JSON |
//! |---|---|---|
//! | two pairs with one key, in context or event | the one nearer the event, the later: `a=2` | `"a":2` |
//! | a pair named `level`, `ts`, `caller` or `msg` in a line that prints its own; `truncated` always | `level_=x` | `"level_":"x"` |
//! | NaN, infinities | `NaN`, `+Inf`, `-Inf` | `"NaN"`, `"+Inf"`, `"-Inf"` |
//! | finite floats | the shortest that reads back: `0.1`, `1`, `1e300` | the same |
//! | integers beyond 64 bits | in full | in full, as text |
//! | an error, `#error`, with its causes | `err="cannot save: disk full"`; a cause its error tells already, once | the same text |
//! | a `Display` that fails | `"[format error]"` | the same text |
//! | a `Display` or a [`lazy`] value that panics | `"[panic: its message]"` | the same text |
//! | another value that fails or panics | `log_error=…`, without the pairs that stand before it in its list | the same |
//! | a key with a space, `=`, `"`, `\`, a control or another character that is no letter | `_` for each: `a_b=1` | `"a_b":1` |
//! | an empty key; one longer than 128 bytes | `_`; cut | the same |
//! | bytes | hex: `00ff` | `"00ff"` |
//! | `None`, `()`; the text `null`; an empty text | `null`; `"null"`; `""` | `null`; `"null"`; `""` |
//! | a structured value, `slog::Serde` | its JSON, as text | nested |
//! | more than 1,024 pairs, nesting deeper than 32 | left out and counted; `[format error: …]` | the same |
//! | a [`Secret`], a value under a denied name | `[redacted]` | `"[redacted]"` |
//!
//! # What was lost
//! A line the writer refuses, one the async drain has no room for, one held back as a repeat, and one cut: each is in
//! [`Logger::counters`], for metrics to read. The next line is tried afresh.
//!
//! # Where things are
//! | file | subject |
//! |---|---|
//! | `logger`, `macros`, `level`, `filter` | the logger, the macros, the five levels, and which pass |
//! | `format/` | from a record to a line: `pairs`, `keys`, `text`, `escape`, `nested` values, what differs by `syntax` |
//! | `value`, `timestamp`, `clock`, `digits` | lazy values, dates, and the two clocks behind one trait |
//! | `drain`, `output`, `async_drain/` | lines into a writer, here or on a thread of its own |
//! | `repeat`, `redact/`, `counters`, `panics` | the limit on repeated lines, secrets, what was lost, the panic hook |
//! | `config` | all of it as settings, in code or in a file |
//! | `term`, `bridge/`, `request/` | behind features of the same names: colours, the `log` crate and `tracing`, kit's calls |
//!
//! # Features
//! None is on by default. `term`: colours on a terminal. `log`, `tracing`: events of those crates as events of this one.
//! `request`: one line per call of a kit service.
//!
//! # Source
//! Go kit's `log`, whose four example lines come out byte for byte. Unlike there, levels change while running and a
//! refused event evaluates none of its values; the last of two equal keys wins in both formats; and JSON keeps the
//! order of its keys.

mod async_drain;
#[cfg(any(feature = "log", feature = "tracing"))]
pub mod bridge;
mod clock;
mod config;
mod counters;
mod digits;
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
