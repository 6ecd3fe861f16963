//! A value that does not print.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slog::{Key, Record, Value};

use super::MASK;

/// Holds a value that every way of printing masks: `Debug`, `Display`, serde, and a log's pairs.
///
/// It deserializes like the value itself, so a configuration can hold one. It is not wiped from memory when dropped.
///
/// # Examples
/// ```
/// use kit_log::Secret;
///
/// let password = Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{password} {password:?}"), "[redacted] [redacted]");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: the one way to it, easy to search for.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, no longer hidden.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(MASK)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self)
    }
}

impl<T> Value for Secret<T> {
    fn serialize(&self, _: &Record<'_>, key: Key, to: &mut dyn slog::Serializer) -> slog::Result {
        to.emit_str(key, MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_prints_shows_the_value() {
        let secret = Secret::new("hunter2");
        let printed = [
            secret.to_string(),
            format!("{secret:?}"),
            format!("{:#?}", Some(&secret)),
            format!("{secret:>20}"),
            serde_json::to_string(&secret).unwrap(),
        ];
        for text in printed {
            assert!(text.contains(MASK) && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_configuration_fills_it_with_the_value() {
        let secret: Secret<String> = serde_json::from_str(r#""hunter2""#).unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(secret.into_exposed(), "hunter2");
    }
}
