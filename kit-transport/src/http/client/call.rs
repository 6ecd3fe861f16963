use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http_body::Body as _;
use kit_core::{Context, Error, Scope};
use tokio::time::{Instant, timeout_at};

use super::exchange::Sent;
use super::{Channel, error, exchange, headers};
use crate::http::{Body, Request};

/// One call's time: what every call has, whatever it sends and reads.
pub(crate) struct Call<'a> {
    pub(crate) cx: Scope<'a>,
    pub(crate) deadline: Instant,
    left: Duration,
    channel: &'a Channel,
}

impl<'a> Call<'a> {
    /// Begins a call that ends at the context's deadline, or at the channel's own if it has none.
    pub(crate) fn begin(cx: &'a mut Context, channel: &'a Channel) -> Result<Self, Error> {
        // A handler need not have stamped what it waited: what is sent as the time that is left must be true.
        let now = cx.stamp();
        let deadline = cx.deadline().unwrap_or(now + channel.config().default_deadline);
        let left = deadline.saturating_duration_since(now);
        if left.is_zero() {
            return Err(error::expired(channel.target()));
        }
        Ok(Self { cx: cx.scope(Some(deadline)), deadline, left, channel })
    }

    /// Adds what goes with every call.
    pub(crate) fn sign(&self, request: &mut Request) {
        headers::write(request.headers_mut(), &self.cx, self.left, self.channel.config().http2_only);
    }

    /// Sends a request, perhaps more than once if it is `idempotent`. Not `async`: a message is too big to be kept in every
    /// future between here and its answer.
    pub(crate) fn send(&mut self, request: Request, idempotent: bool) -> Sent {
        // Of a body whose size is not known it is none.
        let bytes = request.body().size_hint().lower();
        self.cx.sizes_mut().add_sent(usize::try_from(bytes).unwrap_or(usize::MAX));
        exchange::send(self.channel.pool(), request, idempotent, self.deadline)
    }

    /// The head of the answer to what was sent; who gave it is the context's peer.
    pub(crate) async fn answer(&mut self, sent: Sent) -> Result<http::Response<Body>, Error> {
        let (response, ends) = sent.await?;
        self.cx.set_connection(ends);
        Ok(response)
    }

    /// The result of the call's work, which has come to its own end, or `DeadlineExceeded` if there is none.
    pub(crate) fn end<T>(mut self, result: Option<Result<T, Error>>) -> Result<T, Error> {
        self.cx.stamp();
        match result {
            Some(result) => {
                self.cx.finish();
                result
            }
            // The work was abandoned: whatever it spawned is told by the drop of the scope.
            None => Err(error::late(self.channel.target())),
        }
    }
}

/// The result of `work`, if it has one by the deadline. Polled once before a timer is made (core.md B3).
pub(crate) async fn within<T>(deadline: Instant, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match poll_fn(|task| Poll::Ready(work.as_mut().poll(task))).await {
        Poll::Ready(result) => Some(result),
        Poll::Pending => timeout_at(deadline, work).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use kit_core::{Factory as _, Instance};

    use super::*;
    use crate::http::client::{Channels, Config};

    #[tokio::test(start_paused = true)]
    async fn work_is_given_up_at_the_deadline_and_not_before() {
        let deadline = Instant::now() + Duration::from_secs(1);
        assert_eq!(within(deadline, pin!(async { 7 })).await, Some(7));
        let in_time = tokio::time::sleep(Duration::from_millis(999));
        assert_eq!(within(deadline, pin!(in_time)).await, Some(()));
        assert_eq!(within(deadline, pin!(std::future::pending::<()>())).await, None);
        assert_eq!(Instant::now(), deadline);
    }

    async fn channel() -> Channel {
        Channels::new(Config::default()).unwrap().make(&Instance::new("h")).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_a_deadline_has_the_channels_and_one_with_a_deadline_its_own() {
        let channel = channel().await;
        let mut cx = Context::new();
        let now = cx.now();
        let call = Call::begin(&mut cx, &channel).unwrap();
        assert_eq!((call.deadline, call.left), (now + Duration::from_secs(30), Duration::from_secs(30)));
        assert_eq!(call.cx.deadline(), Some(call.deadline));
        call.end(Some(Ok(()))).unwrap();
        assert_eq!(cx.deadline(), None);
        // What was waited before the call, and stamped by nobody, is not left any more.
        let mut cx = Context::new().with_deadline(Some(now + Duration::from_secs(3_600)));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(Call::begin(&mut cx, &channel).unwrap().left, Duration::from_secs(3_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_whose_time_is_up_is_nobodys_failure() {
        let channel = channel().await;
        let mut cx = Context::new();
        let now = cx.now();
        cx = cx.with_deadline(Some(now));
        let error = Call::begin(&mut cx, &channel).err().expect("no time is left");
        assert_eq!((error.code(), error.outcome()), (kit_core::Code::DeadlineExceeded, kit_core::Outcome::Rejected));
        assert_eq!(error.retry(), kit_core::Retry::Safe);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_abandoned_call_spawned_is_told_and_what_a_finished_one_spawned_is_not() {
        let channel = channel().await;
        for (result, told) in [(Some(Ok(())), false), (None, true)] {
            let mut cx = Context::new();
            let mut call = Call::begin(&mut cx, &channel).unwrap();
            let token = call.cx.cancel_token();
            assert_eq!(call.end(result).is_err(), told);
            assert_eq!(token.is_cancelled(), told);
        }
    }
}
