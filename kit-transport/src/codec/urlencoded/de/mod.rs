//! serde on named texts: what a path and a query are once their escapes are undone.
//!
//! By hand, and shared by both: a complaint then names its parameter, and the workspace counts its dependencies.

mod fields;
mod values;

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::de;

pub(crate) use fields::Fields;

use super::text::{COMPLAINT, NAME};
use crate::codec::shown;

/// A name and a text of it. A query may have several of one name, which stand side by side then.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) text: Cow<'a, str>,
}

/// Why the texts did not become a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// The caller's texts were refused; the name is that of the parameter, where one alone is to blame.
    Refused { name: Option<String>, complaint: String },
    /// The value needs a parameter that is not there.
    Missing(&'static str),
    /// The value wants no such parameter.
    Unknown(String),
    /// No text can be read into this type, whatever the caller writes.
    Unfit(&'static str),
}

impl Fault {
    /// Blames the parameter of this name, unless one is blamed already.
    pub(crate) fn named(self, name: &str) -> Fault {
        match self {
            Fault::Refused { name: None, complaint } => Fault::Refused { name: Some(shown(name, NAME)), complaint },
            fault => fault,
        }
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(complaint: T) -> Self {
        Fault::Refused { name: None, complaint: shown(&complaint.to_string(), COMPLAINT) }
    }

    fn missing_field(name: &'static str) -> Self {
        Fault::Missing(name)
    }

    fn unknown_field(name: &str, _expected: &'static [&'static str]) -> Self {
        Fault::Unknown(shown(name, NAME))
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refused { name: Some(name), complaint } => write!(f, "{name}: {complaint}"),
            Fault::Refused { name: None, complaint } => f.write_str(complaint),
            Fault::Missing(name) => write!(f, "{name} is missing"),
            Fault::Unknown(name) => write!(f, "{name} is unknown"),
            Fault::Unfit(what) => write!(f, "no text can be read into {what}"),
        }
    }
}

impl std::error::Error for Fault {}
