//! What may be written, under lints that generated code must pass too.

#![deny(warnings, missing_docs, unused, clippy::all, clippy::pedantic)]

use std::collections::BTreeMap;

use kit_core::failure::{Details, Failure as _};
use kit_core::{Code, Error, Retry};
use kit_macros::Failure;
use serde::{Deserialize, Serialize};

/// Any type that serde writes and reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Place {
    row: u32,
}

/// Every shape of a variant, and every key.
#[derive(Debug, Failure)]
#[failure(crate = "kit_core", name = "tests.Shapes")]
#[non_exhaustive]
pub enum Shapes {
    /// Unit.
    #[failure(code = "NotFound", message = "unit")]
    Unit,
    /// Tuple.
    #[failure(code = "Aborted", reason = "a-tuple", message = "{0} of {1:?}")]
    Tuple(u8, Option<Place>),
    /// Struct; the line leaves a field out, and braces are braces.
    #[failure(code = "Internal")]
    #[failure(message = "{{{type}}}", retry = "250ms")]
    Struct {
        /// A raw name.
        r#type: String,
        /// Not in the line.
        places: BTreeMap<String, Place>,
    },
    /// No fields.
    #[failure(code = "Unknown", message = "nothing", retry = "never")]
    NoFields(),
}

/// With a `Display` from elsewhere.
#[derive(Debug, thiserror::Error, Failure)]
#[failure(crate = "kit_core")]
pub enum Displayed {
    /// Its line is thiserror's.
    #[error("{most} at most")]
    #[failure(code = "OutOfRange", retry = "safe")]
    Full {
        /// How many.
        most: usize,
    },
}

/// Names that a macro was given.
macro_rules! made {
    ($name:ident, $variant:ident, $field:ident) => {
        /// Made.
        #[derive(Debug, Failure)]
        #[failure(crate = "kit_core")]
        pub enum $name {
            /// By a macro.
            #[failure(code = "DataLoss", message = "lost")]
            $variant {
                /// Whatever.
                $field: u8,
            },
        }
    };
}

made!(Made, Lost, at);

/// Names that the derive, or the prelude, uses itself.
pub mod names {
    use kit_macros::Failure;

    /// Of another enum.
    #[derive(Debug, PartialEq, Failure)]
    #[failure(crate = "kit_core")]
    pub enum Option {
        /// A variant of another enum.
        #[failure(code = "NotFound", message = "none")]
        None,
        /// Another.
        #[failure(code = "Aborted", message = "{0}")]
        Some(u8),
        /// And another.
        #[failure(code = "Unknown", message = "{payload} {reason} {details:?} {values:?} {f}")]
        Err {
            /// What is written.
            payload: u8,
            /// What it is called.
            reason: String,
            /// What is read.
            details: Vec<u8>,
            /// What is in it.
            values: [u8; 2],
            /// Whom it is shown by.
            f: u8,
        },
    }
}

fn fails() -> Result<(), Error> {
    Err(Displayed::Full { most: 3 })?
}

fn main() {
    assert_eq!(fails().unwrap_err().message(), "3 at most");
    let failure = Shapes::Struct { r#type: "t".into(), places: BTreeMap::from([("a".into(), Place { row: 1 })]) };
    assert_eq!(failure.to_string(), "{t}");
    assert_eq!(failure.details().as_ref().and_then(Details::payload), Some(r#"{"type":"t","places":{"a":{"row":1}}}"#));
    let error = Error::from(failure);
    assert_eq!((error.code(), error.reason()), (Code::Internal, Some("struct")));
    assert_eq!(error.retry(), Retry::After(std::time::Duration::from_millis(250)));
    assert_eq!(Error::from(Shapes::Tuple(1, None)).message(), "1 of None");
    assert_eq!(Error::from(Shapes::NoFields()).retry(), Retry::Never);
    assert_eq!(Error::from(Made::Lost { at: 1 }).reason(), Some("lost"));
    assert_eq!(Shapes::NAME, "tests.Shapes");
    assert!(matches!(Error::from(Shapes::Unit).cause(), Some(Shapes::Unit)));
    for failure in [
        names::Option::None,
        names::Option::Some(1),
        names::Option::Err { payload: 1, reason: "r".into(), details: vec![2], values: [3, 4], f: 5 },
    ] {
        let details = failure.details().expect("it is small");
        assert_eq!(names::Option::from_details(&details), Some(failure));
    }
}
