use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use kit_core::{BoxError, Code, Error, Outcome, Retry};
use tokio::time::{Instant, Sleep, sleep_until};

use super::config::Config;
use super::link::{BodyState, Link};
use super::stats;
use crate::http::problem::Rejection;

/// The body of a request to a hosted service: it breaks off when it comes too slowly.
///
/// Only the time that its reader waits counts; a body that is here already, as nearly all are, has no timer.
pub(in crate::http) struct Paced {
    incoming: Incoming,
    /// `None` once its end was told.
    link: Option<Arc<Link>>,
    waiting: Option<Box<Waiting>>,
}

struct Waiting {
    /// What came since the first wait.
    received: u64,
    /// What earlier waits took.
    spent: Duration,
    since: Option<Instant>,
    /// `None` once the pace was lifted.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// A body that came too slowly: 408.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow {
    received: u64,
}

impl TooSlow {
    /// How many bytes had come since the body was first waited for.
    pub fn received(&self) -> u64 {
        self.received
    }
}

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the body came too slowly; {} bytes are here", self.received)
    }
}

/// By hand: its source sets the status.
impl std::error::Error for TooSlow {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        static STATUS: Rejection = Rejection::RequestTimeout;
        Some(&STATUS)
    }
}

impl Paced {
    pub(super) fn new(incoming: Incoming, link: Arc<Link>) -> Self {
        link.set_body(BodyState::Open);
        Self { incoming, link: Some(link), waiting: None }
    }

    pub(in crate::http) fn lift(&mut self) {
        self.waiting = Some(Box::new(Waiting { received: 0, spent: Duration::ZERO, since: None, alarm: None }));
    }

    fn end(&mut self, state: BodyState) {
        // Once: a later request of the connection may have begun since this one was read.
        if let Some(link) = self.link.take()
            && !link.is_http2()
        {
            link.set_body(state);
        }
    }

    /// Whether it has ended where its stream has not: hyper takes a reset of NO_ERROR for an end, as it would be for an answer. Half a request is
    /// none, whatever its sender calls that.
    fn was_cut(&self) -> bool {
        !self.incoming.is_end_stream() && self.link.as_ref().is_some_and(|link| link.is_http2())
    }

    /// Nothing is here: is there time left to wait for it?
    fn poll_time(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(link) = &self.link else { return Poll::Pending };
        let config = &link.host.config;
        let now = Instant::now();
        let waiting = self.waiting.get_or_insert_with(|| {
            let alarm = Some(Box::pin(sleep_until(after(now, allowed(config, 0)))));
            Box::new(Waiting { received: 0, spent: Duration::ZERO, since: None, alarm })
        });
        let Some(alarm) = &mut waiting.alarm else { return Poll::Pending };
        let since = *waiting.since.get_or_insert(now);
        let end = after(since, allowed(config, waiting.received).saturating_sub(waiting.spent));
        loop {
            if end <= now {
                return Poll::Ready(());
            }
            // An alarm that rings early is set again; one that rings late is of no use.
            if alarm.deadline() > end || alarm.is_elapsed() {
                alarm.as_mut().reset(end);
            }
            if alarm.as_mut().poll(task).is_pending() {
                return Poll::Pending;
            }
            if alarm.deadline() >= end {
                return Poll::Ready(());
            }
        }
    }

    fn came(&mut self, bytes: usize) {
        if let Some(waiting) = &mut self.waiting {
            waiting.received += bytes as u64;
            if let Some(since) = waiting.since.take() {
                waiting.spent += since.elapsed();
            }
        }
    }
}

/// How long a reader may have waited in all, once so many bytes have come meanwhile.
fn allowed(config: &Config, received: u64) -> Duration {
    let by_rate = match u64::from(config.min_body_rate) {
        0 => return config.body_timeout,
        rate => Duration::from_millis((received.saturating_mul(1000)) / rate),
    };
    by_rate.saturating_add(config.body_grace).min(config.body_timeout)
}

fn after(start: Instant, time: Duration) -> Instant {
    start.checked_add(time).unwrap_or(start)
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.incoming).poll_frame(task) {
            Poll::Ready(Some(Ok(frame))) => {
                this.came(frame.data_ref().map_or(0, Bytes::len));
                if this.incoming.is_end_stream() {
                    this.end(BodyState::Read);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                this.end(BodyState::Dropped);
                Poll::Ready(Some(Err(broken(error))))
            }
            Poll::Ready(None) if this.was_cut() => {
                this.end(BodyState::Dropped);
                Poll::Ready(Some(Err(cut_off(h2::Error::from(h2::Reason::NO_ERROR)))))
            }
            Poll::Ready(None) => {
                this.end(BodyState::Read);
                Poll::Ready(None)
            }
            Poll::Pending => match this.poll_time(task) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => {
                    if let Some(link) = &this.link {
                        stats::add(&link.host.stats.counts().body_timeouts);
                    }
                    this.end(BodyState::Dropped);
                    let received = this.waiting.as_ref().map_or(0, |waiting| waiting.received);
                    Poll::Ready(Some(Err(too_slow(received))))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        // Known, where hyper would ask its connection, under a lock.
        self.link.is_none() || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.end(BodyState::Dropped);
    }
}

fn too_slow(received: u64) -> Error {
    Error::boundary(Code::DeadlineExceeded, TooSlow { received })
        .with_message("the body of the request came too slowly")
        .with_reason("body_too_slow")
        .with_outcome(Outcome::BusinessError)
        .with_retry(Retry::MayHaveRun)
}

/// What breaks a request's body is its sender's doing: it went away, or what it sent is no HTTP.
fn broken(error: hyper::Error) -> Error {
    let error: BoxError = error.into();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    let mut malformed = false;
    while let Some(cause) = source {
        malformed |= cause
            .downcast_ref::<io::Error>()
            .is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput));
        malformed |= cause
            .downcast_ref::<h2::Error>()
            .is_some_and(|cause| cause.reason() == Some(h2::Reason::PROTOCOL_ERROR) && !cause.is_remote());
        source = cause.source();
    }
    match malformed {
        true => Error::boundary(Code::InvalidArgument, error)
            .with_message("the body of the request is malformed")
            .with_reason("body_malformed"),
        false => cut_off(error),
    }
}

fn cut_off(error: impl Into<BoxError>) -> Error {
    Error::boundary(Code::Cancelled, error).with_message("the body of the request broke off").with_reason("body_broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_behind_its_rate_by_the_grace_and_never_take_longer_than_the_whole_time() {
        let config = Config::default();
        for (received, seconds) in [(0, 5), (5 * 1024, 10), (25 * 1024, 30), (1 << 30, 30)] {
            assert_eq!(allowed(&config, received), Duration::from_secs(seconds), "{received}");
        }
        let config = Config { min_body_rate: 0, ..Config::default() };
        assert_eq!(allowed(&config, 0), Duration::from_secs(30));
        let config = Config { body_grace: Duration::from_secs(60), ..Config::default() };
        assert_eq!(allowed(&config, 0), Duration::from_secs(30));
    }
}
