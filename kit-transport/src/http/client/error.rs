use std::error::Error as StdError;
use std::time::Duration;

use hyper_util::client::legacy;
use kit_core::{BoxError, Code, Error, Outcome, Retry};

use super::Target;
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
pub(super) fn expired(target: &Target) -> Error {
    Error::from_code(Code::DeadlineExceeded)
        .with_reason("deadline_before_call")
        .with_outcome(Outcome::Rejected)
        .with_retry(Retry::Safe)
        .with_field("target", target.authority())
}

/// The time was up before the answer was here, all of it.
pub(super) fn late(target: &Target) -> Error {
    Error::from_code(Code::DeadlineExceeded).with_field("target", target.authority())
}

/// A request that got no answer.
pub(super) fn unanswered(error: legacy::Error, target: &Target) -> Error {
    if let Some(ours) = find::<Error>(&error) {
        return upload(ours);
    }
    let (reason, retry) = classify(&error);
    let code = if reason == MALFORMED { Code::Internal } else { Code::Unavailable };
    let error =
        Error::boundary(code, error).with_reason(reason).with_retry(retry).with_field("target", target.authority());
    if code == Code::Internal { error.with_message(UNREADABLE) } else { error }
}

/// An answer that broke off.
pub(super) fn broken(cause: Error, target: &Target) -> Error {
    Error::boundary(Code::Unavailable, cause)
        .with_message("the answer broke off")
        .with_reason("connection_lost")
        .with_retry(Retry::MayHaveRun)
        .with_field("target", target.authority())
}

/// An answer whose body was not read whole: too large, or broken off.
pub(super) fn unread(cause: Error, target: &Target) -> Error {
    match cause.cause::<BodyTooLarge>() {
        None => broken(cause, target),
        // The same call would fail the same way, and it is the callee that answered so.
        Some(large) => Error::boundary(Code::ResourceExhausted, AnswerTooLarge { limit: large.limit() })
            .with_message("the answer is too large")
            .with_reason("answer_too_large")
            .with_retry(Retry::Never)
            .with_field("target", target.authority()),
    }
}

/// An answer of success that is not what was agreed on. Another instance, of another version, may do better.
pub(super) fn unreadable(cause: impl Into<BoxError>, reason: &'static str, target: &Target) -> Error {
    Error::boundary(Code::Internal, cause)
        .with_message(UNREADABLE)
        .with_reason(reason)
        .with_retry(Retry::MayHaveRun)
        .with_field("target", target.authority())
}

pub(super) const MALFORMED: &str = "malformed_answer";
const UNREADABLE: &str = "the answer of another service could not be read";

/// Why there was no answer, and whether the request can have run.
fn classify(error: &legacy::Error) -> (&'static str, Retry) {
    if error.is_connect() {
        let timed_out = find::<ConnectTimeout>(error).is_some()
            || find::<std::io::Error>(error).is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut);
        return (if timed_out { "connect_timeout" } else { "connect_failed" }, Retry::Safe);
    }
    let hyper = find::<hyper::Error>(error);
    // hyper hands a request back only as it was given: not a byte of it was sent.
    if hyper.is_some_and(hyper::Error::is_canceled) {
        return ("connection_lost", Retry::Safe);
    }
    // RFC 9113, 8.7: the server did nothing with it.
    if find::<h2::Error>(error)
        .is_some_and(|error| error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM))
    {
        return ("stream_refused", Retry::Safe);
    }
    if hyper.is_some_and(hyper::Error::is_parse) {
        return (MALFORMED, Retry::MayHaveRun);
    }
    ("connection_lost", Retry::MayHaveRun)
}

/// The request's own body failed while it was sent: its producer's error, and no failure of who was called.
fn upload(error: &Error) -> Error {
    if error.outcome().is_failure() { error.clone().with_outcome(Outcome::Cancelled) } else { error.clone() }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(<dyn StdError>::downcast_ref)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context as Task, Poll};

    use hyper::rt::{Read, ReadBufCursor, Write};
    use hyper_util::client::legacy::connect::{Connected, Connection};
    use hyper_util::rt::TokioExecutor;

    use super::*;
    use crate::http::Body;

    /// A connection that the server closes in the very moment in which a request is handed to it.
    struct Closing {
        reads: u32,
    }

    impl Read for Closing {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Task<'_>, _: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
            self.reads += 1;
            if self.reads == 1 { Poll::Pending } else { Poll::Ready(Ok(())) }
        }
    }

    impl Write for Closing {
        fn poll_write(self: Pin<&mut Self>, _: &mut Task<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            panic!("a byte was sent");
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Connection for Closing {
        fn connected(&self) -> Connected {
            Connected::new()
        }
    }

    #[tokio::test]
    async fn a_request_of_which_no_byte_left_did_not_run() {
        #[derive(Clone)]
        struct Connector;

        impl tower_service::Service<http::Uri> for Connector {
            type Response = Closing;
            type Error = io::Error;
            type Future = std::future::Ready<io::Result<Closing>>;

            fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, _: http::Uri) -> Self::Future {
                std::future::ready(Ok(Closing { reads: 0 }))
            }
        }

        let client = legacy::Client::builder(TokioExecutor::new()).build(Connector);
        let mut request = crate::http::Request::new(Body::empty());
        *request.uri_mut() = http::Uri::from_static("http://h/");
        let error = unanswered(client.request(request).await.unwrap_err(), &Target::parse("http://h").unwrap());
        assert_eq!(
            (error.code(), error.reason(), error.retry()),
            (Code::Unavailable, Some("connection_lost"), Retry::Safe)
        );
    }
}
