use std::future::poll_fn;
use std::task::{self, Poll};
use std::time::Duration;

use kit_core::{Code, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// What comes so soon after the first signal is that one again: `timeout` of coreutils sends it to its child and to its group, and so
/// does who passes on what a terminal has sent to all. A person is slower.
const ECHO: Duration = Duration::from_millis(150);

/// SIGTERM and SIGINT, listened to from before anything is started: the first one asks, the second one forces.
pub(super) struct Signals {
    first: Pair,
    second: Pair,
}

struct Pair {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn install() -> Result<Self, Error> {
        Ok(Self { first: Pair::install()?, second: Pair::install()? })
    }

    /// Two futures, since the first one may be gone when the second signal comes.
    pub(super) fn split(self) -> (impl Future<Output = ()>, impl Future<Output = ()> + Send + 'static) {
        let Self { mut first, mut second } = self;
        let asked = async move { poll_fn(|cx| first.poll(cx)).await };
        (asked, forced(move |cx| second.poll(cx)))
    }
}

impl Pair {
    fn install() -> Result<Self, Error> {
        let handler = |kind| {
            signal(kind)
                .map_err(|cause| Error::boundary(Code::Unavailable, cause).with_message("signals cannot be handled"))
        };
        Ok(Self { terminate: handler(SignalKind::terminate())?, interrupt: handler(SignalKind::interrupt())? })
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        match self.terminate.poll_recv(cx).is_ready() || self.interrupt.poll_recv(cx).is_ready() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// Waits for the second of the signals that `next` polls for.
async fn forced(mut next: impl FnMut(&mut task::Context<'_>) -> Poll<()>) {
    poll_fn(&mut next).await;
    let first = Instant::now();
    loop {
        poll_fn(&mut next).await;
        if first.elapsed() >= ECHO {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::sync::mpsc;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_signal_that_comes_twice_at_once_is_one() {
        let (send, mut signals) = mpsc::channel(4);
        let mut forced = Box::pin(forced(move |cx| signals.poll_recv(cx).map(drop)));
        for _ in 0..2 {
            send.try_send(()).unwrap();
        }
        assert!(forced.as_mut().now_or_never().is_none());
        advance(ECHO - Duration::from_millis(1)).await;
        send.try_send(()).unwrap();
        assert!(forced.as_mut().now_or_never().is_none(), "still the first");
        advance(Duration::from_millis(1)).await;
        send.try_send(()).unwrap();
        assert!(forced.as_mut().now_or_never().is_some(), "the second");
    }
}
