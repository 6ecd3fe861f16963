use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http::uri::Authority;
use http_body::{Body as HttpBody, Frame, SizeHint};
use kit_core::{Context, Error, Outcome, StreamEnd};
use tokio::time::{Instant, Sleep, sleep_until};

use super::error;
use crate::http::Body;

/// An answer's body that its reader reads for itself: announced on the call's context, cut off at the call's deadline, an
/// error if it breaks off, cancelled if it is dropped before its end.
struct Tracked {
    /// Dropped at the end, whoever still holds the rest: a connection that is not read to its end is closed with it.
    body: Option<Body>,
    end: StreamEnd,
    /// Of a call whose answer is here whole.
    outcome: Outcome,
    deadline: Instant,
    /// Made when the body first makes its reader wait.
    timer: Option<Pin<Box<Sleep>>>,
    target: Authority,
}

/// Tracks the body of an answer, unless it has none.
pub(super) fn track(cx: &mut Context, body: Body, outcome: Outcome, deadline: Instant, target: &Authority) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let end = StreamEnd::new();
    cx.announce(end.clone());
    Body::new(Tracked { body: Some(body), end, outcome, deadline, timer: None, target: target.clone() })
}

impl Tracked {
    fn finish(&mut self) {
        self.close(self.outcome, None);
    }

    fn fail(&mut self, error: Error) -> Error {
        self.close(error.outcome(), Some(error.clone()));
        error
    }

    fn close(&mut self, outcome: Outcome, error: Option<Error>) {
        self.body = None;
        self.timer = None;
        self.end.complete(outcome, error);
    }

    fn poll_deadline(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.deadline)));
        ready!(timer.as_mut().poll(task));
        Poll::Ready(())
    }
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(task) {
            // Asked without a timer: a reader that is slow, or a body that is always ready, never gets as far as waiting.
            Poll::Ready(Some(Ok(_))) if Instant::now() >= self.deadline => {}
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end.with_trailers(|kept| kept.headers_mut().extend(trailers.clone()));
                }
                // A reader who sees that this was all does not ask again.
                if self.body.as_ref().is_some_and(HttpBody::is_end_stream) {
                    self.finish();
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(cause))) => {
                let error = error::broken(cause, &self.target);
                return Poll::Ready(Some(Err(self.fail(error))));
            }
            Poll::Ready(None) => {
                self.finish();
                return Poll::Ready(None);
            }
            Poll::Pending => ready!(self.poll_deadline(task)),
        }
        let error = error::late(&self.target);
        Poll::Ready(Some(Err(self.fail(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.close(Outcome::Cancelled, None);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::stream;
    use http_body_util::BodyExt as _;
    use kit_core::Code;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    fn tracked(body: Body) -> (Body, StreamEnd) {
        let mut cx = Context::new();
        let deadline = cx.now() + LIMIT;
        let body = track(&mut cx, body, Outcome::Success, deadline, &Authority::from_static("h"));
        (body, cx.stream().expect("an announced stream").clone())
    }

    fn chunks(count: usize) -> impl futures_core::Stream<Item = Result<Bytes, Error>> {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(b"ab"))))
    }

    fn outcome(end: &StreamEnd) -> Option<Outcome> {
        end.ended().map(|ended| ended.outcome())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_read_to_its_end_is_a_success_only_then() {
        let (mut body, end) = tracked(Body::stream(chunks(2)));
        body.frame().await.unwrap().unwrap();
        assert_eq!(outcome(&end), None);
        body.frame().await.unwrap().unwrap();
        assert!(body.frame().await.is_none());
        assert_eq!(outcome(&end), Some(Outcome::Success));
        drop(body);
        assert_eq!(outcome(&end), Some(Outcome::Success));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_says_it_was_the_last_frame_has_ended() {
        let (mut body, end) = tracked(Body::full("all"));
        assert_eq!(body.size_hint().exact(), Some(3));
        body.frame().await.unwrap().unwrap();
        assert!(body.is_end_stream());
        assert_eq!(outcome(&end), Some(Outcome::Success));
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_body_is_no_stream() {
        let mut cx = Context::new();
        let now = cx.now();
        let body = track(&mut cx, Body::empty(), Outcome::Success, now, &Authority::from_static("h"));
        assert!(body.is_ready() && cx.stream().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_dropped_before_its_end_is_cancelled() {
        let (mut body, end) = tracked(Body::stream(chunks(2)));
        body.frame().await.unwrap().unwrap();
        drop(body);
        assert_eq!(outcome(&end), Some(Outcome::Cancelled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_ends_at_the_deadline() {
        let begun = Instant::now();
        let stalled = stream::StreamExt::chain(chunks(1), stream::pending());
        let (mut body, end) = tracked(Body::stream(stalled));
        body.frame().await.unwrap().unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!((begun.elapsed(), outcome(&end)), (LIMIT, Some(Outcome::TimedOut)));
        assert!(body.frame().await.is_none(), "after an error nothing follows");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_makes_its_reader_wait_ends_at_the_deadline() {
        let (mut body, end) = tracked(Body::stream(chunks(usize::MAX)));
        body.frame().await.unwrap().unwrap();
        tokio::time::advance(LIMIT).await;
        assert_eq!(body.frame().await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(outcome(&end), Some(Outcome::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_ends_in_an_error_that_may_have_run() {
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(Error::data_loss("cut"))]);
        let (mut body, end) = tracked(Body::stream(broken));
        body.frame().await.unwrap().unwrap();
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Unavailable, Some("connection_lost")));
        assert_eq!(error.retry(), kit_core::Retry::MayHaveRun);
        assert_eq!(end.ended().expect("ended").error().map(Error::id), Some(error.id()));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn trailers_reach_the_end() {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("checksum", "7".parse().unwrap());
        let body = http_body_util::Full::new(Bytes::from_static(b"a")).with_trailers(async { Some(Ok(trailers)) });
        let (body, end) = tracked(Body::new(body));
        body.collect().await.unwrap();
        assert_eq!(end.take_trailers().get("checksum"), Some("7"));
    }
}
