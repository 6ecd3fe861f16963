//! What the service says no with.

use std::fmt;

use kit::{Code, Error, Retry};
use serde::{Deserialize, Serialize};

use crate::profile::Id;

/// Why an operation was not done: found in the chain of the [`Error`] that it answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// There is none of this id.
    #[error("there is no {kind} of the id {id:?}", id = id.as_str())]
    NotFound {
        /// What was asked for.
        kind: Kind,
        /// Which.
        id: Id,
    },
    /// There is one of this id already.
    #[error("there is {kind:#} of the id {id:?} already", id = id.as_str())]
    AlreadyExists {
        /// What should have been made.
        kind: Kind,
        /// Which.
        id: Id,
    },
    /// The path names another profile than the body.
    #[error("the path has the id {path:?}, the body {body:?}", path = path.as_str(), body = body.as_str())]
    InconsistentIds {
        /// In the path.
        path: Id,
        /// In the body.
        body: Id,
    },
    /// Two addresses of a profile have one id.
    #[error("two addresses have the id {id:?}", id = id.as_str())]
    RepeatedAddress {
        /// Which.
        id: Id,
    },
    /// A profile has more addresses than it may.
    #[error("a profile has at most {most} addresses")]
    TooManyAddresses {
        /// How many it may have.
        most: usize,
    },
    /// The store is full.
    #[error("no more than {most} profiles are kept")]
    Full {
        /// How many it keeps.
        most: usize,
    },
}

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A profile.
    Profile,
    /// An address of a profile.
    Address,
}

/// `profile`, and `{:#}` for `a profile`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self, f.alternate()) {
            (Kind::Profile, false) => "profile",
            (Kind::Profile, true) => "a profile",
            (Kind::Address, false) => "address",
            (Kind::Address, true) => "an address",
        })
    }
}

impl ProfileError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => Code::NotFound,
            Self::AlreadyExists { .. } => Code::AlreadyExists,
            Self::InconsistentIds { .. } | Self::RepeatedAddress { .. } | Self::TooManyAddresses { .. } => {
                Code::InvalidArgument
            }
            Self::Full { .. } => Code::ResourceExhausted,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::InconsistentIds { .. } => "inconsistent_ids",
            Self::RepeatedAddress { .. } => "repeated_address",
            Self::TooManyAddresses { .. } => "too_many_addresses",
            Self::Full { .. } => "full",
        }
    }
}

impl From<ProfileError> for Error {
    #[track_caller]
    fn from(error: ProfileError) -> Self {
        let known = Error::new(error.code(), error.to_string()).with_reason(error.reason());
        // None of them is another one a moment later.
        known.with_retry(Retry::Never).with_cause(error)
    }
}
