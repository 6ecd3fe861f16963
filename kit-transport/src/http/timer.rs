//! The time of an HTTP/2 connection. With pings on, hyper asks for it for everything that comes, and polls its alarm whenever it is polled:
//! on a server eight readings of the clock a call, of which none has to be finer than the poll that it belongs to.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// When a connection was last polled.
#[derive(Debug)]
pub(super) struct Polled {
    opened: Instant,
    /// Nanoseconds after that.
    last: AtomicU64,
}

impl Polled {
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), last: AtomicU64::new(0) }
    }

    /// Reads the clock: at the beginning of each poll.
    pub(super) fn stamp(&self) -> Instant {
        let now = Instant::now();
        let since = now.saturating_duration_since(self.opened).as_nanos();
        self.last.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        now
    }

    fn last(&self) -> Instant {
        self.opened + Duration::from_nanos(self.last.load(Relaxed))
    }
}

impl Default for Polled {
    fn default() -> Self {
        Self::new()
    }
}

/// hyper's timer for one connection.
#[derive(Default)]
pub(super) struct Timer {
    polled: Option<Arc<Polled>>,
}

impl Timer {
    /// The time is that of the last poll, which the connection's task [stamps](Polled::stamp). It must be the task in which hyper's pings are:
    /// by a time that has passed long ago, an answer to one would be late when it is sent. A client's are in a task of their own, so it has
    /// the [default](Self::default): the clock.
    pub(super) fn of(polled: &Arc<Polled>) -> Self {
        Self { polled: Some(Arc::clone(polled)) }
    }
}

#[expect(clippy::disallowed_types, reason = "hyper's trait has it; what is in it is tokio's")]
impl hyper::rt::Timer for Timer {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Alarm { sleep: sleep(time), known: None })
    }

    fn sleep_until(&self, end: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Alarm { sleep: sleep_until(end.into()), known: None })
    }

    fn now(&self) -> std::time::Instant {
        self.polled.as_ref().map_or_else(Instant::now, |polled| polled.last()).into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, end: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Alarm>() {
            Some(alarm) => {
                let alarm = alarm.project();
                alarm.sleep.reset(end.into());
                *alarm.known = None;
            }
            None => *sleep = self.sleep_until(end),
        }
    }
}

pin_project! {
    /// It is left alone while it has the waker of the task that polls it: a task's is the same at every poll.
    struct Alarm {
        #[pin]
        sleep: Sleep,
        known: Option<Waker>,
    }
}

impl hyper::rt::Sleep for Alarm {}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = self.project();
        let known = this.known.as_ref().is_some_and(|known| known.will_wake(task.waker()));
        if known && !this.sleep.is_elapsed() {
            return Poll::Pending;
        }
        let rung = this.sleep.poll(task);
        *this.known = rung.is_pending().then(|| task.waker().clone());
        rung
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::rt::Timer as _;
    use tokio::time::{advance, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn timer() -> (Arc<Polled>, Timer) {
        let polled = Arc::new(Polled::new());
        (Arc::clone(&polled), Timer::of(&polled))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_as_late_as_at_the_last_poll() {
        let (polled, timer) = timer();
        let start = timer.now();
        advance(SECOND).await;
        assert_eq!((timer.now(), Timer::default().now()), (start, start + SECOND));
        assert_eq!(polled.stamp(), Instant::now());
        assert_eq!(timer.now(), start + SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_its_time_however_often_it_is_polled() {
        let (_, timer) = timer();
        let begun = Instant::now();
        let mut alarm = timer.sleep(SECOND);
        for _ in 0..3 {
            assert!(poll_fn(|task| Poll::Ready(alarm.as_mut().poll(task))).await.is_pending());
        }
        timeout(2 * SECOND, alarm.as_mut()).await.expect("it rings");
        assert_eq!(begun.elapsed(), SECOND);
        timer.reset(&mut alarm, (begun + 3 * SECOND).into());
        assert!(poll_fn(|task| Poll::Ready(alarm.as_mut().poll(task))).await.is_pending());
        timeout(3 * SECOND, alarm.as_mut()).await.expect("it rings again");
        assert_eq!(begun.elapsed(), 3 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_wakes_the_task_that_polled_it_last() {
        let (_, timer) = timer();
        let mut alarm = timer.sleep(SECOND);
        assert!(poll_fn(|task| Poll::Ready(alarm.as_mut().poll(task))).await.is_pending());
        let other = tokio::spawn(alarm);
        timeout(2 * SECOND, other).await.expect("it is woken").expect("it does not panic");
    }
}
