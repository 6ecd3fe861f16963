//! The queue between callers and the writing thread.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use super::{Overflow, Queue};
use crate::counters::Counters;

/// How long the thread waits for more lines after it wrote some, before it sleeps and must be woken.
const DOZE: Duration = Duration::from_millis(5);

/// How long the thread leaves a writer alone that would block.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Shared {
    pub(super) settings: Queue,
    pub(super) counters: Counters,
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes callers that wait: for room, for a flush, for the end.
    progress: Condvar,
}

#[derive(Default)]
struct State {
    /// Whole lines, one after another.
    lines: Vec<u8>,
    /// Lines ever queued, and lines of those that left the queue for good.
    queued: u64,
    written: u64,
    /// Lines dropped since a line last said so.
    dropped: u64,
    mood: Mood,
    /// Callers waiting on `progress`.
    waiting: usize,
    /// Someone waits for the thread to write now.
    urgent: bool,
    closing: bool,
    /// Nobody waits for the thread any more: a writer that blocks is left to itself.
    abandoned: bool,
    worker: Option<ThreadId>,
}

/// What the thread is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    /// It is about to look at the queue.
    #[default]
    Awake,
    /// It looks again in a moment, sooner if the queue fills.
    Dozing,
    /// It waits to be woken.
    Asleep,
    /// It has ended.
    Gone,
}

/// What the thread is to write.
pub(super) struct Batch {
    pub(super) lines: u64,
    /// Lines dropped after these.
    pub(super) dropped: u64,
}

impl Shared {
    pub(super) fn new(settings: Queue, counters: Counters) -> Self {
        Self { settings, counters, state: Mutex::default(), work: Condvar::new(), progress: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues one line, or drops it as the settings say.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        let full = |state: &State| state.lines.len() + line.len() > self.settings.bytes;
        if self.settings.overflow == Overflow::Block && full(&state) && !state.is_worker() {
            state = self.wait(state, None, |state| full(state) && !state.closing);
        }
        if full(&state) || state.closing || state.mood == Mood::Gone {
            // After the end nobody is left to print the number.
            state.dropped += u64::from(!state.closing);
            self.counters.add_dropped();
            return;
        }
        state.lines.extend_from_slice(line);
        state.queued += 1;
        let wake = match state.mood {
            Mood::Asleep => true,
            Mood::Dozing => state.lines.len() >= self.settings.bytes / 4,
            Mood::Awake | Mood::Gone => false,
        };
        if wake {
            state.mood = Mood::Awake;
            drop(state);
            self.work.notify_one();
        }
    }

    /// Waits on `progress` while `blocked`, until the thread is gone, or for so long.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        patience: Option<Duration>,
        blocked: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let still = |state: &mut State| state.mood != Mood::Gone && blocked(state);
        state.waiting += 1;
        let mut state = match patience {
            Some(patience) => {
                let waited = self.progress.wait_timeout_while(state, patience, still);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.progress.wait_while(state, still).unwrap_or_else(PoisonError::into_inner),
        };
        state.waiting -= 1;
        state
    }

    /// Waits until what is queued now is written, or for so long. Says whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        let target = state.queued;
        if state.is_worker() {
            return state.written >= target;
        }
        state.urgent = true;
        self.work.notify_one();
        let state = self.wait(state, Some(patience), |state| state.written < target);
        state.written >= target
    }

    /// Takes no more lines, and waits until the rest is written, or for so long. Says whether the thread has ended.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.closing = true;
        self.work.notify_one();
        // Those that wait for room wait no longer.
        self.progress.notify_all();
        let mut state = self.wait(state, Some(patience), |_| true);
        state.abandoned = true;
        state.mood == Mood::Gone
    }

    /// For the thread: reports for work.
    pub(super) fn begin(&self) {
        self.lock().worker = Some(std::thread::current().id());
    }

    /// For the thread: says it is done with the last batch, waits for the next, and swaps it for the empty `buffer`.
    /// `None` when there will be no more.
    pub(super) fn next(&self, buffer: &mut Vec<u8>, done: u64) -> Option<Batch> {
        let mut state = self.lock();
        state.written += done;
        self.tell(&state);
        if done > 0 && !state.closing {
            state.mood = Mood::Dozing;
            let quarter = self.settings.bytes / 4;
            let dozing =
                |state: &mut State| state.mood == Mood::Dozing && !state.hurried() && state.lines.len() < quarter;
            let waited = self.work.wait_timeout_while(state, DOZE, dozing);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        while state.lines.is_empty() && state.dropped == 0 {
            if state.closing {
                return None;
            }
            state.urgent = false;
            state.mood = Mood::Asleep;
            let asleep = |state: &mut State| state.mood == Mood::Asleep && !state.hurried();
            state = self.work.wait_while(state, asleep).unwrap_or_else(PoisonError::into_inner);
        }
        state.mood = Mood::Awake;
        mem::swap(&mut state.lines, buffer);
        let batch = Batch { lines: state.queued - state.written, dropped: mem::take(&mut state.dropped) };
        self.tell(&state);
        Some(batch)
    }

    fn tell(&self, state: &State) {
        if state.waiting > 0 {
            self.progress.notify_all();
        }
    }

    /// For the thread: leaves a blocked writer alone for a moment. Says whether to try again.
    pub(super) fn pause(&self) -> bool {
        let state = self.lock();
        let waited = self.work.wait_timeout_while(state, PAUSE, |state| !state.abandoned);
        !waited.unwrap_or_else(PoisonError::into_inner).0.abandoned
    }

    /// For the thread: it ends, and nobody is to wait for it.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.mood = Mood::Gone;
        // Lines that nobody will write.
        let left = state.queued - state.written;
        state.lines = Vec::new();
        self.counters.add_write_errors(left);
        self.progress.notify_all();
    }
}

impl State {
    fn hurried(&self) -> bool {
        self.urgent || self.closing
    }

    fn is_worker(&self) -> bool {
        self.worker == Some(std::thread::current().id())
    }
}
