use std::fmt;

use serde::de;

use super::super::error::Place;
use super::super::value::Path;

/// Why a value could not be read, and which.
#[derive(Debug)]
pub(in crate::config) struct Fault {
    pub(in crate::config) what: What,
    /// None only on the way up from where it happened.
    pub(in crate::config) at: Option<(Path, Place)>,
}

#[derive(Debug)]
pub(in crate::config) enum What {
    /// In words.
    Said(String),
    /// In words that may not be repeated, nor the value.
    Secret,
    /// A secret is given as what is printed for one.
    Mask,
    /// A table lacks a key that it must have.
    Missing(&'static str),
    /// A table has a field under two of its names.
    Duplicate(&'static str),
}

impl Fault {
    pub(super) fn at(self, place: impl FnOnce() -> (Path, Place)) -> Self {
        Self { at: Some(self.at.unwrap_or_else(place)), ..self }
    }

    pub(super) fn mask() -> Self {
        Self { what: What::Mask, at: None }
    }

    /// The same without words that may quote a secret.
    pub(super) fn hidden(self) -> Self {
        match self.what {
            What::Said(_) => Self { what: What::Secret, ..self },
            _ => self,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Said(words) => f.write_str(words),
            What::Secret => f.write_str("the secret cannot be read"),
            What::Mask => f.write_str("is the mask of a printed configuration, not a secret"),
            What::Missing(key) => write!(f, "{key} must be set"),
            What::Duplicate(key) => write!(f, "sets {key}, which is set under another of its names"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self { what: What::Said(words.to_string()), at: None }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { what: What::Missing(field), at: None }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { what: What::Duplicate(field), at: None }
    }
}
