use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::link::Link;
use super::stats;

thread_local! {
    /// Whether the stream that is being polled waits for the service, and not for its client.
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Said by a call, or the body of its answer, that has nothing yet. hyper stands between it and its stream and hands nothing on,
/// so it is left where both are: on the thread that polls one inside the other.
pub(super) fn waits_for_service() {
    WAITS.set(true);
}

/// Runs the streams of one HTTP/2 connection, each a task. Each ends with its connection (h2 tells it), when its connection is cut
/// off, or when its client takes nothing of the answer for too long; the client is told with RST_STREAM.
#[derive(Clone)]
pub(super) struct Streams(Arc<Link>);

impl Streams {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let link = Arc::clone(&self.0);
        let cut = cut_off(Arc::clone(&link));
        tokio::spawn(Run { stream, cut, alarm: None, link });
    }
}

async fn cut_off(link: Arc<Link>) {
    link.cut_off().await;
}

pin_project! {
    /// One stream. Named, and no `async fn`: one of those would keep the stream twice.
    struct Run<F, C> {
        #[pin]
        stream: F,
        #[pin]
        cut: C,
        alarm: Option<Pin<Box<Sleep>>>,
        link: Arc<Link>,
    }
}

impl<F, C> Future for Run<F, C>
where
    F: Future<Output = ()>,
    C: Future<Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = self.project();
        WAITS.set(false);
        if this.stream.poll(task).is_ready() || this.cut.poll(task).is_ready() {
            return Poll::Ready(());
        }
        match WAITS.get() {
            true => {
                *this.alarm = None;
                Poll::Pending
            }
            false => poll_stall(this.alarm, this.link, task),
        }
    }
}

/// The client's window is shut. Whatever wakes the stream is a sign of life, and the time begins anew.
fn poll_stall(alarm: &mut Option<Pin<Box<Sleep>>>, link: &Link, task: &mut Task<'_>) -> Poll<()> {
    let end = Instant::now() + link.host.config.write_timeout;
    match alarm {
        Some(alarm) if alarm.is_elapsed() => {
            stats::add(&link.host.stats.counts().write_timeouts);
            return Poll::Ready(());
        }
        Some(alarm) => alarm.as_mut().reset(end),
        None => *alarm = Some(Box::pin(sleep_until(end))),
    }
    match alarm {
        Some(alarm) => alarm.as_mut().poll(task),
        None => Poll::Pending,
    }
}
