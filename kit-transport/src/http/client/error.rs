use std::error::Error as StdError;
use std::time::Duration;

use http::uri::Authority;
use kit_core::{BoxError, Code, Error, Outcome, Retry};

use crate::http::BodyTooLarge;

/// No connection within [`Config::connect_timeout`](super::Config::connect_timeout): the cause of `Unavailable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection within {limit:?}")]
pub struct ConnectTimeout {
    pub(super) limit: Duration,
}

/// An answer was larger than [`Config::max_response_bytes`](super::Config::max_response_bytes); the rest of it was not read.
///
/// Not [`BodyTooLarge`]: that is the cause of a 413, and a service that passes this error on must not blame its own caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer of more than {limit} bytes")]
pub struct AnswerTooLarge {
    limit: usize,
}

/// An answer was of a kind that nobody here reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnexpectedAnswer {
    /// A media type that the codec does not read.
    #[error("an answer of type {0:?}")]
    ContentType(String),
    /// No media type at all.
    #[error("an answer without a content type")]
    NoContentType,
    /// A content coding: none was asked for.
    #[error("an answer in the coding {0:?}")]
    ContentCoding(String),
}

/// A call got no connection: the cause of the error that its caller gets. Nothing of it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoConnection {
    /// As many connections as may be are in use, and as many calls as may be wait for one.
    #[error("{connections} connections are in use and {waiting} calls wait for one")]
    Full {
        /// How many may be open.
        connections: usize,
        /// How many may wait.
        waiting: usize,
    },
    /// Its deadline came before its turn.
    #[error("the deadline came before a connection, after {waited:?}")]
    Deadline {
        /// How long it waited.
        waited: Duration,
    },
    /// The channel was closed: its instance is gone, or the program is stopping.
    #[error("the channel was closed")]
    Closed,
}

impl ConnectTimeout {
    /// How long it was tried.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

impl AnswerTooLarge {
    /// What was allowed, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

/// The time was up before anything was sent: nobody's failure, so it counts against no backend.
pub(super) fn expired(target: &Authority) -> Error {
    Error::from_code(Code::DeadlineExceeded)
        .with_reason("deadline_before_call")
        .with_outcome(Outcome::Rejected)
        .with_retry(Retry::Safe)
        .with_field("target", target.as_str())
}

/// The time was up before the answer was here, all of it.
pub(crate) fn late(target: &Authority) -> Error {
    Error::from_code(Code::DeadlineExceeded).with_field("target", target.as_str())
}

/// No place in the pool, nor in the queue before it.
#[cold]
pub(super) fn full(connections: usize, waiting: usize, target: &Authority) -> Error {
    refused(Code::Unavailable, NoConnection::Full { connections, waiting }, "connections_busy", target)
}

/// No place in the pool by the deadline.
#[cold]
pub(super) fn not_in_time(waited: Duration, target: &Authority) -> Error {
    refused(Code::DeadlineExceeded, NoConnection::Deadline { waited }, "deadline_before_call", target)
}

/// No pool any more.
#[cold]
pub(super) fn closed(target: &Authority) -> Error {
    refused(Code::Unavailable, NoConnection::Closed, "channel_closed", target)
}

/// It was refused on this side: nobody's failure, and nothing was sent.
fn refused(code: Code, cause: NoConnection, reason: &'static str, target: &Authority) -> Error {
    Error::boundary(code, cause)
        .with_reason(reason)
        .with_outcome(Outcome::Rejected)
        .with_retry(Retry::Safe)
        .with_field("target", target.as_str())
}

/// No connection to a host.
pub(super) fn unreachable(cause: BoxError, host: &Authority) -> Error {
    let timed_out = find::<ConnectTimeout>(&*cause).is_some()
        || find::<std::io::Error>(&*cause).is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut);
    let reason = if timed_out { "connect_timeout" } else { "connect_failed" };
    Error::boundary(Code::Unavailable, cause)
        .with_reason(reason)
        .with_retry(Retry::Safe)
        .with_field("target", host.as_str())
}

/// What became of a request that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its own body failed while it was sent.
    Upload,
    /// No byte of it left.
    Unsent,
    /// The server said that it did nothing with it, and its connection goes on.
    Refused,
    /// The server said that it did nothing with it, and takes nothing more on this connection.
    GoneAway,
    /// Its stream was ended, by the server or for what it sent, and the connection goes on.
    Reset,
    /// What came was no HTTP.
    Malformed,
    /// The connection ended.
    Lost,
}

impl Fate {
    pub(super) fn of(error: &hyper::Error, unsent: bool) -> Self {
        if find::<Error>(error).is_some() {
            return Self::Upload;
        }
        if unsent {
            return Self::Unsent;
        }
        if let Some(error) = find::<h2::Error>(error).filter(|error| error.is_remote()) {
            // RFC 9113, 6.8 and 8.7: a stream above the last one of a GOAWAY, or a refused one, was not and will not be processed.
            // The streams below end with the connection, by another error.
            if error.is_go_away() {
                return Self::GoneAway;
            }
            if error.reason() == Some(h2::Reason::REFUSED_STREAM) {
                return Self::Refused;
            }
            if error.is_reset() {
                return Self::Reset;
            }
        }
        // Here: because its own body broke off, or for what the server sent on it.
        if let Some(error) = find::<h2::Error>(error).filter(|error| error.is_reset()) {
            return if error.is_library() { Self::Reset } else { Self::Upload };
        }
        if error.is_parse() { Self::Malformed } else { Self::Lost }
    }
}

/// A request that got no answer.
pub(super) fn unanswered(error: hyper::Error, fate: Fate, host: &Authority) -> Error {
    if fate == Fate::Upload
        && let Some(ours) = find::<Error>(&error)
    {
        return upload(ours);
    }
    let (reason, retry) = match fate {
        Fate::Refused => ("stream_refused", Retry::Safe),
        Fate::Unsent | Fate::GoneAway => ("connection_lost", Retry::Safe),
        Fate::Malformed => (MALFORMED, Retry::MayHaveRun),
        Fate::Upload | Fate::Reset | Fate::Lost => ("connection_lost", Retry::MayHaveRun),
    };
    let code = if fate == Fate::Malformed { Code::Internal } else { Code::Unavailable };
    let error = Error::boundary(code, error).with_reason(reason).with_retry(retry).with_field("target", host.as_str());
    if fate == Fate::Malformed { error.with_message(UNREADABLE) } else { error }
}

/// An answer that broke off.
pub(crate) fn broken(cause: Error, target: &Authority) -> Error {
    Error::boundary(Code::Unavailable, cause)
        .with_message("the answer broke off")
        .with_reason("connection_lost")
        .with_retry(Retry::MayHaveRun)
        .with_field("target", target.as_str())
}

/// An answer whose body was not read whole: too large, or broken off.
pub(super) fn unread(cause: Error, target: &Authority) -> Error {
    match cause.cause::<BodyTooLarge>() {
        None => broken(cause, target),
        // The same call would fail the same way, and it is the callee that answered so.
        Some(large) => Error::boundary(Code::ResourceExhausted, AnswerTooLarge { limit: large.limit() })
            .with_message("the answer is too large")
            .with_reason("answer_too_large")
            .with_retry(Retry::Never)
            .with_field("target", target.as_str()),
    }
}

/// An answer of success that is not what was agreed on. Another instance, of another version, may do better.
pub(crate) fn unreadable(cause: impl Into<BoxError>, reason: &'static str, target: &Authority) -> Error {
    Error::boundary(Code::Internal, cause)
        .with_message(UNREADABLE)
        .with_reason(reason)
        .with_retry(Retry::MayHaveRun)
        .with_field("target", target.as_str())
}

pub(crate) const MALFORMED: &str = "malformed_answer";
const UNREADABLE: &str = "the answer of another service could not be read";

/// The request's own body failed while it was sent: its producer's error, and no failure of who was called.
pub(crate) fn upload(error: &Error) -> Error {
    if error.outcome().is_failure() { error.clone().with_outcome(Outcome::Cancelled) } else { error.clone() }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(<dyn StdError>::downcast_ref)
}
