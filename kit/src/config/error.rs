//! What is wrong with the settings, and where.

use std::fmt;
use std::sync::Arc;

use kit_core::{Code, Error};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// Nowhere: it is the default of the program.
    Default,
    /// In a file.
    File {
        /// Its name, as it was given.
        file: Arc<str>,
        /// The line, from 1. None if it is about the file as a whole.
        line: Option<usize>,
    },
    /// In a variable of the environment, of this name.
    Env(Arc<str>),
    /// In a flag, of this name with its `--`.
    Flag(Arc<str>),
}

impl fmt::Display for Place {
    /// `default`, `stringsvc.toml:4`, `KIT_LOG_FORMAT` or `--log-format`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Default => f.write_str("default"),
            Place::File { file, line: Some(line) } => write!(f, "{file}:{line}"),
            Place::File { file: name, line: None } | Place::Env(name) | Place::Flag(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: Option<Place>,
    key: Option<String>,
    message: String,
}

impl ConfigError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { place: None, key: None, message: message.into() }
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place: Some(place).filter(|place| *place != Place::Default), ..self }
    }

    pub(super) fn of(self, key: impl fmt::Display) -> Self {
        Self { key: Some(key.to_string()), ..self }
    }

    /// Where the value was given. None if what is wrong is that there is none, or if the program itself is wrong.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The setting, as in a file: `log.format`. None if there is none of the name that was given.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What is wrong, without place and key.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    /// `KIT_LOG_FORMAT: …`, or `stringsvc.toml:4: log.format: …`: one line whatever it quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        if let Some(place) = &self.place {
            line += &format!("{place}: ");
        }
        // The name of a flag or a variable says which setting it is.
        if let (Some(key), None | Some(Place::File { .. })) = (&self.key, &self.place) {
            line += &format!("{key}: ");
        }
        line += &self.message;
        for c in line.chars() {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                write!(f, "{}", c.escape_default())?;
            } else {
                fmt::Write::write_char(f, c)?;
            }
        }
        Ok(())
    }
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// At least one.
    errors: Vec<ConfigError>,
}

impl ConfigErrors {
    /// In the order of files, variables, flags, and what is missing last.
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|a, b| (a.place.is_none(), &a.place).cmp(&(b.place.is_none(), &b.place)));
        errors.dedup();
        Self { errors }
    }

    /// One after the other: those of files by line, then variables, then flags, then what is missing.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    /// One line: the error if it is one, else `3 settings are wrong: …; …; …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.errors.len() > 1 {
            write!(f, "{} settings are wrong: ", self.errors.len())?;
        }
        for (i, error) in self.errors.iter().enumerate() {
            write!(f, "{}{error}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// `InvalidArgument`, for programs whose start answers the one error.
impl From<ConfigErrors> for Error {
    #[track_caller]
    fn from(errors: ConfigErrors) -> Self {
        let message = errors.to_string();
        Error::boundary(Code::InvalidArgument, errors).with_message(message)
    }
}
