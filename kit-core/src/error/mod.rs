//! The one error of the toolkit: a code for machines, one line for people, everything else for the log.
//!
//! Errors do not nest in types: every layer answers [`Error`], and what a layer adds (a `Limited`, an `Open`) is the *cause*, found
//! again with [`Error::cause`] however often the error was wrapped or sent through a bridge. What a service can fail with in its own
//! words, an enum, is a [failure](crate::failure), which is found in the same way, also at the other end of a wire.
//!
//! Two kinds of error exist. A known one was made for its caller: it has a code, a line that a stranger may read, perhaps a
//! reason. A raw one (an I/O error, a panic) that crosses a module's edge unwrapped is a **bug**: it keeps its cause for the
//! log, and the stranger reads one fixed line and an id. There is therefore no blanket `From`: wrapping is said aloud, with
//! [`Error::boundary`], [`Error::bug`] or a [`Boundary`].
//!
//! # What one costs
//! An allocation, the time, and its place in the source. **With `RUST_BACKTRACE=1` each takes a stack as well**, a refusal such as `NotFound` too, whose
//! names are looked up when it is logged: milliseconds for a call that fails, in a debug build far more, and kilobytes in its line. Who wants stacks
//! of panics and not those sets `RUST_LIB_BACKTRACE=0` beside it.
//!
//! # Source
//! "Concurrency in Go", chapter 5 (CC-01 to CC-05 in `source-systems.md`); the codes are gRPC's.

mod boundary;
mod bugs;
mod carried;
mod code;
mod id;
mod report;
mod retry;
mod site;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::SystemTime;

pub use boundary::{Boundary, ResultExt};
pub use bugs::bugs;
pub(crate) use bugs::count as count_bug;
pub use code::{Code, UnknownCode};
pub use id::{ErrorId, InvalidErrorId};
pub use report::{PublicLine, Report};
pub use retry::Retry;

use carried::Carried;

use crate::Outcome;
use crate::sources;

/// An error of any type, as tower's layers answer it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What a stranger reads when a bug stopped the call.
pub const BUG_LINE: &str = "There was an unexpected issue; please report this as a bug.";

/// Why a call failed. Eight bytes; cloning shares it.
///
/// ```
/// use kit_core::{Code, Error};
///
/// let error = Error::new(Code::InvalidArgument, "the text is empty").with_reason("empty_string");
/// assert_eq!(error.code(), Code::InvalidArgument);
/// assert_eq!(error.message(), "the text is empty");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    reason: Option<Cow<'static, str>>,
    retry: Option<Retry>,
    outcome: Option<Outcome>,
    bug: bool,
    boundary: Option<&'static str>,
    id: ErrorId,
    created_at: SystemTime,
    place: &'static Location<'static>,
    backtrace: Option<Arc<Backtrace>>,
    fields: Vec<(Cow<'static, str>, String)>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    failure: Option<Carried>,
}

impl Error {
    /// An error with a line that its caller may read: one line, no internals, and whether to try again.
    ///
    /// Id, time (UTC), place and, when `RUST_BACKTRACE` asks for it, the stack are taken here and never change.
    #[track_caller]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Error {
        let (id, created_at) = sources::stamp_error();
        Error(Arc::new(Inner {
            code,
            message: message.into(),
            reason: None,
            retry: None,
            outcome: None,
            bug: false,
            boundary: None,
            id,
            created_at,
            place: Location::caller(),
            backtrace: capture(),
            fields: Vec::new(),
            cause: None,
            failure: None,
        }))
    }

    /// An error with the line of its code.
    #[track_caller]
    pub fn from_code(code: Code) -> Error {
        Error::new(code, code.line())
    }

    /// Wraps a lower error where it leaves a module: the caller learns `code` and its line, the log keeps the cause.
    ///
    /// Say more with [`with_message`](Self::with_message) and [`with_reason`](Self::with_reason).
    #[track_caller]
    pub fn boundary(code: Code, cause: impl Into<BoxError>) -> Error {
        Error::from_code(code).with_cause(cause)
    }

    /// Marks a raw error as a bug: code `Internal`, the fixed [`BUG_LINE`], one more in [`bugs`]; the log keeps the cause.
    #[track_caller]
    pub fn bug(cause: impl Into<BoxError>) -> Error {
        bugs::count();
        let mut error = Error::new(Code::Internal, BUG_LINE).with_cause(cause);
        error.inner().bug = true;
        error
    }

    /// An error that comes from a bridge: ours if it, or anything in its chain, is one; a timeout if it is tower's or
    /// tokio's; otherwise a bug.
    #[track_caller]
    pub fn from_box(error: BoxError) -> Error {
        let error = match error.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(other) => other,
        };
        if let Some(ours) = chain(&*error).find_map(<dyn StdError>::downcast_ref::<Error>) {
            return ours.clone();
        }
        if chain(&*error).any(is_elapsed) {
            return Error::boundary(Code::DeadlineExceeded, error);
        }
        Error::bug(error)
    }

    /// The same error with another public line.
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Error {
        self.inner().message = message.into();
        self
    }

    /// The same error with a reason: one stable word for programs, such as `empty_string`.
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Error {
        self.inner().reason = Some(reason.into());
        self
    }

    /// The same error with one more fact for the log. It never reaches the caller.
    pub fn with_field(mut self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Error {
        self.inner().fields.push((key.into(), value.to_string()));
        self
    }

    /// The same error with what caused it. It never reaches the caller, but [`cause`](Self::cause) finds it in this process.
    pub fn with_cause(mut self, cause: impl Into<BoxError>) -> Error {
        self.inner().cause = Some(Arc::from(cause.into()));
        self
    }

    /// The same error with a hint about another try.
    pub fn with_retry(mut self, retry: Retry) -> Error {
        self.inner().retry = Some(retry);
        self
    }

    /// The same error with an outcome other than its code implies: a limit's own refusal is `Rejected`.
    pub fn with_outcome(mut self, outcome: Outcome) -> Error {
        self.inner().outcome = Some(outcome);
        self
    }

    /// The same error under another id: a client binding gives an error the id that the server logged it under.
    pub fn with_id(mut self, id: ErrorId) -> Error {
        self.inner().id = id;
        self
    }

    /// What kind of failure it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The line that a stranger may read.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The word for programs, if it was given one.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Under this id the log has the whole record.
    pub fn id(&self) -> ErrorId {
        self.0.id
    }

    /// When it was made: UTC, however much later it is logged.
    pub fn created_at(&self) -> SystemTime {
        self.0.created_at
    }

    /// Where it was made.
    pub fn place(&self) -> &'static Location<'static> {
        self.0.place
    }

    /// The stack at that place, when `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE` asked for it.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.backtrace.as_deref()
    }

    /// The facts for the log, in the order they were added.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.fields.iter().map(|(key, value)| (key.as_ref(), value.as_str()))
    }

    /// Whether it came out of a module raw.
    pub fn is_bug(&self) -> bool {
        self.0.bug
    }

    /// The first `T` among what caused it: the [failure](crate::failure) that it is, and the chain of causes with theirs.
    pub fn cause<T: StdError + 'static>(&self) -> Option<&T> {
        self.carried().or_else(|| {
            self.chain()
                .find_map(|cause| cause.downcast_ref::<T>().or_else(|| cause.downcast_ref::<Error>()?.carried()))
        })
    }

    /// The causes, outermost first, this error not among them, nor the failure that it is.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source())
    }

    /// How a call that ends with this error ended.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome.unwrap_or(Outcome::of_code(self.0.code))
    }

    /// Whether the call may be made again.
    pub fn retry(&self) -> Retry {
        self.0.retry.unwrap_or(Retry::of_code(self.0.code))
    }

    /// Equal for errors of one site and different between sites: the place, and the places of the errors it wraps; for a
    /// panic also its own, where [`set_panic_hook`](crate::recover::set_panic_hook) is installed.
    pub fn trace_hash(&self) -> u64 {
        site::hash(self)
    }

    /// Everything, for the log.
    pub fn report(&self) -> Report<'_> {
        Report::new(self)
    }

    /// `[<id>] <message>`: what a person is shown.
    pub fn public_line(&self) -> PublicLine<'_> {
        PublicLine::new(self)
    }

    /// This error and those it wraps, outermost first, other people's left out.
    fn wrapped(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(self.chain().filter_map(<dyn StdError>::downcast_ref))
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

/// The constructors by name, each with its code.
macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:ident,)*) => {
        impl Error {
            $($(#[$doc])*
            #[track_caller]
            pub fn $name(message: impl Into<Cow<'static, str>>) -> Error {
                Error::new(Code::$code, message)
            })*
        }
    };
}

constructors! {
    /// `Cancelled`: the caller no longer wants the answer.
    cancelled => Cancelled,
    /// `InvalidArgument`: the request is wrong whatever the state of the system.
    invalid_argument => InvalidArgument,
    /// `DeadlineExceeded`: the time is up.
    deadline_exceeded => DeadlineExceeded,
    /// `NotFound`: what was asked for does not exist.
    not_found => NotFound,
    /// `AlreadyExists`: what should be created exists.
    already_exists => AlreadyExists,
    /// `PermissionDenied`: the caller is known and may not.
    permission_denied => PermissionDenied,
    /// `ResourceExhausted`: a quota, a rate or a size is used up.
    resource_exhausted => ResourceExhausted,
    /// `FailedPrecondition`: the system is not in the state this needs.
    failed_precondition => FailedPrecondition,
    /// `Aborted`: a conflict with another call.
    aborted => Aborted,
    /// `OutOfRange`: past what exists now.
    out_of_range => OutOfRange,
    /// `Unimplemented`: nothing here does this.
    unimplemented => Unimplemented,
    /// `Unavailable`: nobody could serve the call now.
    unavailable => Unavailable,
    /// `DataLoss`: data is lost or damaged.
    data_loss => DataLoss,
    /// `Unauthenticated`: the caller is not known.
    unauthenticated => Unauthenticated,
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

/// The public line alone: what is private needs [`report`](Error::report).
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Error");
        f.field("code", &self.0.code).field("message", &self.0.message).field("id", &self.0.id.to_string());
        if let Some(reason) = &self.0.reason {
            f.field("reason", reason);
        }
        if let Some(failure) = &self.0.failure {
            f.field("failure", failure);
        }
        f.field("place", &self.0.place.to_string()).field("cause", &self.0.cause).finish_non_exhaustive()
    }
}

// The compiler quotes the next line to who puts `?` on a raw error.
impl From<Code> for Error /* not of raw errors: `.or_code(code, line)?` or `.or_bug()?` of `ResultExt` */ {
    #[track_caller]
    fn from(code: Code) -> Error {
        Error::from_code(code)
    }
}

fn capture() -> Option<Arc<Backtrace>> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| Arc::new(backtrace))
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// tower's `Elapsed` is known by its words: naming its type would cost every user the crate.
fn is_elapsed(error: &(dyn StdError + 'static)) -> bool {
    error.is::<tokio::time::error::Elapsed>() || error.to_string() == "request timed out"
}

#[cfg(test)]
mod tests;
