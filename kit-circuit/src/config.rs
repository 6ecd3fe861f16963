//! What the settings of every layer share: how a bad one is refused, and how durations are written in a file.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use kit_core::{Code, Error};

/// A setting is out of its range; nothing was built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {given}, it must be {range}")]
pub struct ConfigError {
    field: &'static str,
    given: String,
    range: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, given: impl fmt::Debug, range: impl Into<Cow<'static, str>>) -> Self {
        Self { field, given: format!("{given:?}"), range: range.into() }
    }

    /// The setting's name, as in a file: `max`.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What it may be: `more than zero`.
    pub fn range(&self) -> &str {
        &self.range
    }
}

/// `InvalidArgument`, for programs whose start answers the one error.
impl From<ConfigError> for Error {
    #[track_caller]
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        Error::boundary(Code::InvalidArgument, error).with_message(message)
    }
}

/// A duration that may not be zero.
pub(crate) fn above_zero(field: &'static str, given: Duration) -> Result<Duration, ConfigError> {
    if given.is_zero() { Err(ConfigError::new(field, given, "more than zero")) } else { Ok(given) }
}

/// `Option<Duration>` in a file: a whole number with its unit, or `none`.
///
/// serde's own form of a duration is a table of seconds and nanoseconds, which nobody wants to write, and TOML has no
/// null: `max = "none"` is how a default is switched off.
pub(crate) mod optional {
    use serde::de::{Error as _, Unexpected};
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Cow, Duration, parse, write};

    const NONE: &str = "none";

    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            None => to.serialize_str(NONE),
            Some(duration) => to.collect_str(&write(*duration)),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        if text == NONE {
            return Ok(None);
        }
        let expected = &"a whole number with ns, us, ms, s, m or h behind it, as in \"250ms\", or \"none\"";
        parse(&text).map(Some).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), expected))
    }
}

/// Units by their length in nanoseconds, the longest first.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

fn parse(text: &str) -> Option<Duration> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (_, nanos) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let count: u128 = text[..text.len() - unit.len()].parse().ok()?;
    let total = count.checked_mul(u128::from(nanos))?;
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (total % 1_000_000_000) as u32))
}

/// In the longest unit that tells it exactly.
fn write(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let exact = |(_, unit): &(&str, u64)| nanos.is_multiple_of(u128::from(*unit));
    // Zero is a whole number of hours, and reads better in seconds.
    let (name, unit) = if nanos == 0 { UNITS[2] } else { UNITS.into_iter().find(exact).expect("of nanoseconds") };
    format!("{}{name}", nanos / u128::from(unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_with_its_unit() {
        for (text, duration) in [
            ("250ms", Some(Duration::from_millis(250))),
            ("30s", Some(Duration::from_secs(30))),
            ("90m", Some(Duration::from_secs(5_400))),
            ("1h", Some(Duration::from_secs(3_600))),
            ("7us", Some(Duration::from_micros(7))),
            ("0s", Some(Duration::ZERO)),
            ("18446744073709551615s", Some(Duration::from_secs(u64::MAX))),
            ("18446744073709551615h", None),
            ("18446744073709551616s", None),
            ("999999999999999999999999999999999999999h", None),
            ("30", None),
            ("s", None),
            ("", None),
            ("1.5s", None),
            ("-1s", None),
            ("+1s", None),
            ("1 s", None),
            ("1S", None),
            ("1d", None),
        ] {
            assert_eq!(parse(text), duration, "{text:?}");
        }
    }

    #[test]
    fn a_duration_is_written_in_its_longest_unit() {
        for (seconds, nanos, text) in [
            (5_400, 0, "90m"),
            (7_200, 0, "2h"),
            (30, 0, "30s"),
            (1, 500_000_000, "1500ms"),
            (0, 7, "7ns"),
            (0, 0, "0s"),
        ] {
            assert_eq!(write(Duration::new(seconds, nanos)), text);
        }
    }

    #[test]
    fn a_refusal_names_the_setting_and_its_range() {
        let error = above_zero("max", Duration::ZERO).unwrap_err();
        assert_eq!((error.field(), error.range()), ("max", "more than zero"));
        assert_eq!(error.to_string(), "max is 0ns, it must be more than zero");
        let error = Error::from(error);
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "max is 0ns, it must be more than zero"));
        assert_eq!(error.cause::<ConfigError>().expect("kept").field(), "max");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds: u64, nanos in 0u32..1_000_000_000) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&write(duration)), Some(duration));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[0-9]{0,40}(h|m|s|ms|us|ns)|.{0,30}") {
            if let Some(duration) = parse(&text) {
                prop_assert_eq!(parse(&write(duration)), Some(duration));
            }
        }
    }
}
