//! What a service can fail with, as an enum of its own that its callers match on.
//!
//! A code says what kind of failure it is, for layers and wires; a reason names it, for programs in any language. A caller in Rust wants
//! the variant with what it holds. So a service's failures are one enum, each variant with a code, and [`Failure`] is derived (the
//! derive is `kit`'s; a few lines [by hand](Failure#by-hand) do the same):
//!
//! ```
//! use kit_core::failure::RecognizeLayer;
//! use kit_core::{Code, Context, Endpoint as _, Error, Retry, request_fn};
//! # use kit_macros::Failure; /* in a program:
//! use kit::Failure;
//! # */
//!
//! #[derive(Debug, PartialEq, Failure)]
//! # #[failure(crate = "kit_core")]
//! #[non_exhaustive]
//! pub enum AddError {
//!     #[failure(code = "InvalidArgument", message = "can't sum two zeroes")]
//!     TwoZeroes,
//!     #[failure(code = "OutOfRange", reason = "overflow", message = "{a} and {b} are too large to be summed")]
//!     IntOverflow { a: i64, b: i64 },
//!     #[failure(code = "Unavailable", retry = "2s", message = "ledger {0} is closed for the night")]
//!     Closed(String),
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // The service: `?` and `into` make the one error of it.
//! let sum = request_fn(async |(a, b): (i64, i64)| match (a, b) {
//!     (0, 0) => Err(AddError::TwoZeroes.into()),
//!     _ => Ok(a.checked_add(b).ok_or(AddError::IntOverflow { a, b })?),
//! });
//!
//! // The caller: a binding to any wire in the place of `sum`, and the layer that knows the enum.
//! let sum = sum.layer(RecognizeLayer::<AddError>::new());
//! let error = sum.call(&mut Context::new(), (i64::MAX, 1)).await.unwrap_err();
//! assert_eq!((error.code(), error.reason()), (Code::OutOfRange, Some("overflow")));
//! match error.cause::<AddError>() {
//!     Some(AddError::IntOverflow { a, b }) => assert_eq!((*a, *b), (i64::MAX, 1)),
//!     Some(AddError::TwoZeroes) => unreachable!("that was not asked"),
//!     // Another variant, also one of a later version; or what is no failure of the service's, such as a time-out.
//!     _ => return Err(error),
//! }
//! # Ok(()) }
//! ```
//!
//! # What travels
//!
//! Code, line, reason, id and hint leave as those of any error; beside them, in the details of each wire, the enum's name, the variant's
//! reason and its fields as JSON ([`Details`]):
//!
//! ```json
//! {"type":"about:blank","title":"Bad Request","status":400,"detail":"9223372036854775807 and 1 are too large to be summed",
//!  "code":"OutOfRange","reason":"overflow","id":"5a5f2c01b7d3c9e4",
//!  "failure":{"name":"AddError","reason":"overflow","payload":{"a":9223372036854775807,"b":1}}}
//! ```
//!
//! | wire | place |
//! |---|---|
//! | HTTP | the member `failure` of the problem |
//! | JSON-RPC | the member `failure` of the error's `data` |
//! | gRPC | a `kit.Failure` among the details of `grpc-status-details-bin` |
//! | local | the same values, written and read all the same: what would not fit a wire does not fit here |
//!
//! So whatever a variant holds is **public**: it is sent to callers. What belongs in the log is a field or a cause of the error, which stay
//! behind: `Error::from(failure).with_cause(error)`. The failure of an error is not its cause but beside it, and no layer that
//! sets a cause, such as a retry that gave up, is in its way.
//!
//! An enum whose details are too [large](Details::MAX_PAYLOAD_BYTES), or cannot be written as JSON, leaves as its code, line and reason
//! alone.
//!
//! # Versions
//!
//! Reasons are what the two sides agree on; rename a variant and keep its `reason`. A caller that does not know one gets the error with
//! its code, line and reason, and what was sent as `cause::<Details>()`. A field that a caller does not know is left out; one that it
//! misses is none if it is an `Option`, and otherwise the variant is one that it does not know. Add fields to a tuple at its end.
//! `#[non_exhaustive]` makes callers write the arm that later variants fall into.
//!
//! # Who passes it on
//!
//! A service that answers with an error of its callee as it came passes on code, line, reason and id, and **drops the details**: they
//! speak of its callee's callee, whom its own caller has never heard of and whose enum is no promise of this service. One that means
//! it says so, by making it a failure of its own: `Err(error.cause::<AddError>().cloned().ok_or(error)?.into())`. The same
//! holds for an error that is wrapped: a [failure](crate::failure) behind a [boundary](crate::Boundary) is private.
//!
//! # Source
//! RFC 9457, extension members; google.rpc.Status, details beside a code (AIP-193: a reason with its domain names the failure, metadata
//! what it is about). Go kit's addsvc sends errors as strings and compares them at the other end.

mod details;
mod endpoint;
#[cfg(feature = "failure")]
#[doc(hidden)]
pub mod json;
mod layer;
#[cfg(all(test, feature = "failure"))]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;

pub use details::Details;
pub use endpoint::{Recognize, RecognizeStream};
pub use layer::{RecognizeLayer, RecognizeStreamLayer};

use crate::error::{Code, Retry};

/// What a service can fail with: derived for an enum by `#[derive(kit::Failure)]`; [the module](self) is a guide.
///
/// Its `Display` is the line that callers read: one line, no internals.
///
/// # By hand
///
/// What the derive writes, for an enum without fields. One with fields hands JSON to [`Details::new`], and reads it in
/// [`from_details`](Self::from_details).
///
/// ```
/// use kit_core::failure::{Details, Failure};
/// use kit_core::{Code, Error};
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// enum DoorError {
///     #[error("the door is locked")]
///     Locked,
///     #[error("there is no such door")]
///     Missing,
/// }
///
/// impl Failure for DoorError {
///     const NAME: &'static str = "DoorError";
///
///     fn code(&self) -> Code {
///         match self {
///             DoorError::Locked => Code::FailedPrecondition,
///             DoorError::Missing => Code::NotFound,
///         }
///     }
///
///     fn reason(&self) -> &'static str {
///         match self {
///             DoorError::Locked => "locked",
///             DoorError::Missing => "missing",
///         }
///     }
///
///     fn from_details(details: &Details) -> Option<Self> {
///         match details.reason() {
///             "locked" => Some(DoorError::Locked),
///             "missing" => Some(DoorError::Missing),
///             _ => None,
///         }
///     }
/// }
///
/// impl From<DoorError> for Error {
///     #[track_caller]
///     fn from(failure: DoorError) -> Error {
///         Error::from_failure(failure)
///     }
/// }
///
/// let error = Error::from(DoorError::Locked);
/// assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, "the door is locked"));
/// assert_eq!(error.cause(), Some(&DoorError::Locked));
/// ```
pub trait Failure: StdError + Send + Sync + Sized + 'static {
    /// The name of the type on wires: at most [`Details::MAX_NAME_BYTES`] of visible ASCII. With the service's name before it,
    /// `addsvc.AddError`, it is nobody else's.
    const NAME: &'static str;

    /// What kind of failure this is.
    fn code(&self) -> Code;

    /// The name of the variant on wires, for programs: as long as [`NAME`](Self::NAME) may be, and no other variant's.
    fn reason(&self) -> &'static str;

    /// The line for the caller. Default: as it is displayed.
    fn message(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    /// The hint about another try, where it is not that of the code. Default none. Of these, a pause and [`Retry::Never`] reach the
    /// caller.
    fn retry(&self) -> Option<Retry> {
        None
    }

    /// What is sent of it; `None` if it cannot be said within their bounds. Default: name and reason, without what it holds.
    fn details(&self) -> Option<Details> {
        Details::new(Self::NAME, self.reason(), None)
    }

    /// The failure that these details, which bear this type's [`NAME`](Self::NAME), speak of; `None` if it is none of those known here.
    fn from_details(details: &Details) -> Option<Self>;
}
