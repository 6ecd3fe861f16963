use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::time::{advance, timeout};

/// While it lives, a paused clock moves only by [`Clock::advance`]: left to itself it jumps to the next timer whenever the
/// runtime waits, and waiting for a socket looks like that. A blocking task keeps it from jumping.
pub(crate) struct Clock {
    hold: Option<mpsc::SyncSender<()>>,
    ran_free: Arc<AtomicBool>,
}

impl Clock {
    pub(crate) fn hold() -> Self {
        let (hold, held) = mpsc::sync_channel(0);
        let ran_free = Arc::new(AtomicBool::new(false));
        let hung = Arc::clone(&ran_free);
        // A test that hangs gets a clock that runs, so that it ends by a deadline or by `in_time`, and fails.
        tokio::task::spawn_blocking(move || {
            let waited: Result<(), _> = held.recv_timeout(Duration::from_secs(30));
            hung.store(waited == Err(mpsc::RecvTimeoutError::Timeout), Ordering::Release);
        });
        Self { hold: Some(hold), ran_free }
    }

    pub(crate) async fn advance(&self, by: Duration) {
        advance(by).await;
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        drop(self.hold.take());
        let hung = self.ran_free.load(Ordering::Acquire);
        assert!(!hung || std::thread::panicking(), "the test waited for something that did not come");
    }
}

/// What comes, if it comes before a clock that runs free has passed every deadline.
pub(crate) async fn in_time<T>(coming: impl Future<Output = T>) -> T {
    const LATE: Duration = Duration::from_secs(300 * 24 * 3_600);
    timeout(LATE, coming).await.expect("it never came")
}

/// Long enough for loopback to answer, without a clock: a few turns of the runtime, each of which asks the system for events.
pub(crate) async fn settled() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}
