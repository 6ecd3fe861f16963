//! Durations as people write them, the one notation of every setting: `250ms`, `30s`, `1m 30s`, `2h`, and `none` for none.
//!
//! serde's own form is a table of seconds and nanoseconds, which nobody wants to write. A field says `with`:
//!
//! ```
//! use std::time::Duration;
//!
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Limits {
//!     #[serde(with = "kit_core::duration")]
//!     timeout: Duration,
//!     #[serde(with = "kit_core::duration::option")]
//!     idle: Option<Duration>,
//! }
//!
//! let limits: Limits = serde_json::from_str(r#"{"timeout":"1m 30s","idle":"none"}"#)?;
//! assert_eq!((limits.timeout, limits.idle), (Duration::from_secs(90), None));
//! assert_eq!(serde_json::to_string(&limits)?, r#"{"timeout":"1m 30s","idle":"none"}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A duration is one or more terms, each a number with its unit: `ns`, `us`, `ms`, `s`, `m`, `h`, `days` and longer ones, also in
//! words (`2 hours 5 min`); `0` needs none. A fraction stands for what it is if that is whole nanoseconds: `1.5s`.

mod text;

pub use text::{ParseDurationError, display, parse};

use std::fmt;
use std::time::Duration;

use serde_core::de::{Error, Visitor};
use serde_core::{Deserializer, Serializer};

/// Writes a duration as [`display`] does.
///
/// # Errors
/// Those of `to`.
pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&display(*duration))
}

/// Reads a duration as [`parse`] does.
///
/// # Errors
/// Those of `from`, and if its text is no duration: the line quotes it.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    from.deserialize_str(Text)
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"250ms\" or \"1m 30s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

/// The same for an `Option<Duration>`: none is the text `none`, because TOML has no null, and a setting whose default is some
/// duration has to be switched off somehow.
pub mod option {
    use super::*;

    const NONE: &str = "none";

    /// Writes a duration as [`display`] does, and none as `none`.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, to),
            None => to.serialize_str(NONE),
        }
    }

    /// Reads a duration as [`parse`] does, and `none` as none.
    ///
    /// # Errors
    /// Those of `from`, and if its text is neither: the line quotes it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        from.deserialize_str(TextOrNone)
    }

    struct TextOrNone;

    impl Visitor<'_> for TextOrNone {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration such as \"250ms\" or \"1m 30s\", or \"none\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Option<Duration>, E> {
            if text == NONE { Ok(None) } else { Text.visit_str(text).map(Some) }
        }
    }
}

#[cfg(test)]
mod tests;
