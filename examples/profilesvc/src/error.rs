//! What the service says no with.

use std::fmt;

use kit::Failure;
use serde::{Deserialize, Serialize};

use crate::profile::Id;

/// Why an operation was not done: found in the error that the service answers, and in the one that its
/// [client](crate::client::ProfileClient) does. None of them is another one a moment later, so nobody is to try again.
///
/// ```
/// use kit::{Code, Error};
/// use profilesvc::error::ProfileError;
///
/// let error = Error::from(ProfileError::Full { most: 10_000 });
/// assert_eq!((error.code(), error.reason()), (Code::ResourceExhausted, Some("full")));
/// assert_eq!(error.cause(), Some(&ProfileError::Full { most: 10_000 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Failure)]
#[failure(name = "profilesvc.ProfileError")]
#[non_exhaustive]
pub enum ProfileError {
    /// There is none of this id.
    #[failure(code = "NotFound", message = "there is no {kind} of the id {id:?}")]
    NotFound {
        /// What was asked for.
        kind: Kind,
        /// Which.
        id: Id,
    },
    /// There is one of this id already.
    #[failure(code = "AlreadyExists", message = "there is {kind:#} of the id {id:?} already")]
    AlreadyExists {
        /// What should have been made.
        kind: Kind,
        /// Which.
        id: Id,
    },
    /// The path names another profile than the body.
    #[failure(code = "InvalidArgument", message = "the path has the id {path:?}, the body {body:?}")]
    InconsistentIds {
        /// In the path.
        path: Id,
        /// In the body.
        body: Id,
    },
    /// Two addresses of a profile have one id.
    #[failure(code = "InvalidArgument", message = "two addresses have the id {id:?}")]
    RepeatedAddress {
        /// Which.
        id: Id,
    },
    /// A profile has more addresses than it may.
    #[failure(code = "InvalidArgument", message = "a profile has at most {most} addresses")]
    TooManyAddresses {
        /// How many it may have.
        most: usize,
    },
    /// The store is full.
    #[failure(code = "ResourceExhausted", retry = "never", message = "no more than {most} profiles are kept")]
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
