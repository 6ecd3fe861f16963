//! What the settings of every layer share: how a bad one is refused.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
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

/// A number of things of which there is at least one.
pub(crate) fn at_least_one(field: &'static str, given: usize) -> Result<usize, ConfigError> {
    if given == 0 { Err(ConfigError::new(field, given, "at least 1")) } else { Ok(given) }
}

/// A share of a whole.
pub(crate) fn share(field: &'static str, given: f64) -> Result<f64, ConfigError> {
    if (0.0..=1.0).contains(&given) { Ok(given) } else { Err(ConfigError::new(field, given, "within 0.0 to 1.0")) }
}

/// A number within bounds. A NaN is within none.
pub(crate) fn within<N>(field: &'static str, given: N, range: RangeInclusive<N>) -> Result<N, ConfigError>
where
    N: PartialOrd + fmt::Debug + Copy,
{
    if range.contains(&given) {
        return Ok(given);
    }
    let range = format!("within {:?} to {:?}", range.start(), range.end());
    Err(ConfigError::new(field, given, range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_setting_and_its_range() {
        let error = above_zero("max", Duration::ZERO).unwrap_err();
        assert_eq!((error.field(), error.range()), ("max", "more than zero"));
        assert_eq!(error.to_string(), "max is 0ns, it must be more than zero");
        let error = Error::from(error);
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "max is 0ns, it must be more than zero"));
        assert_eq!(error.cause::<ConfigError>().expect("kept").field(), "max");
    }
}
