//! What differs between the formats: the marks around keys, values and lines.

use crate::level::Level;

/// The marks of one format.
pub(crate) trait Syntax {
    /// Before the first pair of a line that does not begin with its level.
    const OPEN: &'static str;
    /// After the last pair, the newline with it.
    const CLOSE: &'static str;
    /// Before a key: one byte that separates it from the pair before, which the first pair goes without, then the rest.
    const KEY_OPEN: &'static str;
    /// Between a key and its value.
    const KEY_CLOSE: &'static str;
    /// Around text that could do without quotes: a quote, or nothing.
    const QUOTE: &'static str;
    /// Whether text stands in quotes even where it could do without.
    const ALWAYS_QUOTED: bool = !Self::QUOTE.is_empty();

    /// The beginning of a line, with the pair that names its level.
    fn level(level: Level) -> &'static str;
}

/// `level=info msg=hello a=1`
pub(crate) struct Logfmt;

impl Syntax for Logfmt {
    const OPEN: &'static str = "";
    const CLOSE: &'static str = "\n";
    const KEY_OPEN: &'static str = " ";
    const KEY_CLOSE: &'static str = "=";
    const QUOTE: &'static str = "";

    fn level(level: Level) -> &'static str {
        match level {
            Level::Error => "level=error",
            Level::Warn => "level=warn",
            Level::Info => "level=info",
            Level::Debug => "level=debug",
            Level::Trace => "level=trace",
        }
    }
}

/// `{"level":"info","msg":"hello","a":1}`
pub(crate) struct Json;

impl Syntax for Json {
    const OPEN: &'static str = "{";
    const CLOSE: &'static str = "}\n";
    const KEY_OPEN: &'static str = ",\"";
    const KEY_CLOSE: &'static str = "\":";
    const QUOTE: &'static str = "\"";

    fn level(level: Level) -> &'static str {
        match level {
            Level::Error => r#"{"level":"error""#,
            Level::Warn => r#"{"level":"warn""#,
            Level::Info => r#"{"level":"info""#,
            Level::Debug => r#"{"level":"debug""#,
            Level::Trace => r#"{"level":"trace""#,
        }
    }
}
