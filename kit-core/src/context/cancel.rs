use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::error::{Code, Error};

/// A call's cancellation, held by work that outlives the call's future: a spawned task, a blocking loop, a producer.
///
/// It is told when the call is *abandoned*: dropped, timed out, aborted, panicked, or the losing attempt of a hedge; and at the
/// call's deadline. Once the call has come to its own end it is never told, by the deadline neither: what a finished call left
/// running may go on.
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
    /// One of the three below; once it is not `RUNNING` it stays.
    call: AtomicU8,
    wake: Notify,
    deadline: Option<Instant>,
}

const RUNNING: u8 = 0;
const ABANDONED: u8 = 1;
const FINISHED: u8 = 2;

impl Cancel {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self(Arc::new(Shared { call: AtomicU8::new(RUNNING), wake: Notify::new(), deadline }))
    }

    /// Tells everybody who holds the token.
    pub(crate) fn cancel(&self) {
        self.become_once(ABANDONED);
        self.0.wake.notify_waiters();
    }

    /// The call came to its own end: nobody will be told, unless its deadline has told them already.
    pub(crate) fn finish(&self) {
        if self.late() {
            self.cancel();
        } else {
            self.become_once(FINISHED);
        }
    }

    /// When the call's time is up, if it has not ended by then.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// Whether to stop. Reads the clock while a call with a deadline runs.
    pub fn is_cancelled(&self) -> bool {
        match self.call() {
            RUNNING => self.late(),
            call => call == ABANDONED,
        }
    }

    /// Waits until it is time to stop: for ever, if the call comes to its own end.
    ///
    /// # Cancel safety
    /// Cancel safe: the token stays told.
    pub async fn cancelled(&self) {
        // Made before the flag is read: a token told in between wakes it, polled or not.
        let told = self.0.wake.notified();
        if self.is_cancelled() {
            return;
        }
        match self.0.deadline {
            None => told.await,
            Some(deadline) => {
                if timeout_at(deadline, told).await.is_err() && self.call() == FINISHED {
                    std::future::pending().await
                }
            }
        }
    }

    /// Goes on, or says why not: for the gap between two steps of blocking work.
    ///
    /// # Errors
    /// `Cancelled` once the call is abandoned, `DeadlineExceeded` once its time is up.
    pub fn checkpoint(&self) -> Result<(), Error> {
        match self.call() {
            RUNNING if self.late() => Err(Error::from_code(Code::DeadlineExceeded)),
            ABANDONED => Err(Error::from_code(Code::Cancelled)),
            _ => Ok(()),
        }
    }

    fn call(&self) -> u8 {
        self.0.call.load(Ordering::Acquire)
    }

    fn become_once(&self, ended: u8) {
        // The first end counts.
        let _ = self.0.call.compare_exchange(RUNNING, ended, Ordering::AcqRel, Ordering::Acquire);
    }

    fn late(&self) -> bool {
        self.0.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
