use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id};
use tokio::time::Instant;

use super::builder::Kind;
use super::{Limits, Step};

/// A part that was started.
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) limits: Limits,
    pub(super) began: Instant,
    pub(super) task: AbortHandle,
    ask: watch::Sender<bool>,
    pub(super) asked: Option<Instant>,
    /// As what it was cut off, and when.
    pub(super) cut: Option<(Step, Instant)>,
    /// It has ended, or is waited for no more.
    pub(super) over: bool,
}

impl Slot {
    pub(super) fn new(name: Arc<str>, kind: Kind, limits: Limits, ask: watch::Sender<bool>, task: AbortHandle) -> Self {
        Self { name, kind, limits, began: Instant::now(), task, ask, asked: None, cut: None, over: false }
    }

    pub(super) fn id(&self) -> Id {
        self.task.id()
    }

    /// Asks it to stop, and says when that was.
    pub(super) fn ask(&mut self) -> Instant {
        self.ask.send_replace(true);
        *self.asked.get_or_insert_with(Instant::now)
    }

    /// Its task is dropped at its next await. The first word on why counts.
    pub(super) fn cut(&mut self, step: Step) {
        self.cut.get_or_insert_with(|| (step, Instant::now()));
        self.task.abort();
    }

    /// What the step took, as [`Step`] counts it.
    pub(super) fn took(&self, step: Step) -> Duration {
        let since = match step {
            Step::Starting | Step::Stopping => None,
            Step::Ready | Step::Done | Step::Failed => Some(self.began),
            Step::Stopped | Step::Aborted | Step::Forced => self.asked,
            Step::Stuck => self.cut.map(|(_, at)| at),
        };
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
