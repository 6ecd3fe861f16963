use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::error::{Code, Error};

/// A call's cancellation, held by work that outlives the call's future: a spawned task, a blocking loop, a producer.
///
/// It is told when the call is *abandoned*: dropped, timed out, aborted, panicked, or the losing attempt of a hedge; and at the
/// call's deadline. It is not told after a normal end: what a finished call left running may go on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use kit_core::Context;
///
/// let mut cx = Context::new();
/// let cancel = cx.cancel_token();
/// let work = tokio::task::spawn_blocking(move || loop {
///     cancel.checkpoint()?; // between two short steps
/// });
/// drop(cx); // the call is abandoned
/// let stopped: Result<(), kit_core::Error> = work.await.unwrap();
/// assert_eq!(stopped.unwrap_err().code(), kit_core::Code::Cancelled);
/// # }
/// ```
///
/// # Source
/// "Concurrency in Go", chapter 5: preemptability (CC-13, CC-16).
#[derive(Clone, Debug)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    cancelled: AtomicBool,
    wake: Notify,
    deadline: Option<Instant>,
}

impl Cancel {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self(Arc::new(Shared { cancelled: AtomicBool::new(false), wake: Notify::new(), deadline }))
    }

    /// Tells everybody who holds the token.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.wake.notify_waiters();
    }

    /// When the call's time is up.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// Whether to stop. Reads the clock if the call has a deadline.
    pub fn is_cancelled(&self) -> bool {
        self.abandoned() || self.expired()
    }

    /// Waits until it is time to stop.
    ///
    /// # Cancel safety
    /// Cancel safe: the token stays told.
    pub async fn cancelled(&self) {
        let told = self.0.wake.notified();
        let mut told = std::pin::pin!(told);
        // Registered before the flag is read: a token told in between wakes it.
        told.as_mut().enable();
        if self.is_cancelled() {
            return;
        }
        match self.0.deadline {
            None => told.await,
            Some(deadline) => {
                // Told or late: an elapsed deadline is a reason to stop like the other.
                let _ = timeout_at(deadline, told).await;
            }
        }
    }

    /// Goes on, or says why not: for the gap between two steps of blocking work.
    ///
    /// # Errors
    /// `Cancelled` once the call is abandoned, `DeadlineExceeded` once its time is up.
    pub fn checkpoint(&self) -> Result<(), Error> {
        if self.abandoned() {
            Err(Error::from_code(Code::Cancelled))
        } else if self.expired() {
            Err(Error::from_code(Code::DeadlineExceeded))
        } else {
            Ok(())
        }
    }

    fn abandoned(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    fn expired(&self) -> bool {
        self.0.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
