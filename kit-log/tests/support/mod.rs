//! What the tests of this crate share.

#![allow(dead_code)]

pub(crate) mod parse;

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kit_log::Clock;

/// A writer that keeps every write apart.
#[derive(Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

impl Writes {
    /// Every write so far.
    pub(crate) fn all(&self) -> Vec<String> {
        let writes = self.0.lock().expect("no holder panics");
        writes.iter().map(|write| String::from_utf8(write.clone()).expect("a line is UTF-8")).collect()
    }

    /// Every write so far, forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        let all = self.all();
        self.0.lock().expect("no holder panics").clear();
        all
    }

    /// The one write since the last look, without its newline.
    pub(crate) fn line(&self) -> String {
        let writes = self.take();
        assert_eq!(writes.len(), 1, "one event is one write: {writes:?}");
        let line = writes[0].strip_suffix('\n').expect("a line ends in a newline");
        assert!(!line.contains('\n'), "one event is one line: {line:?}");
        line.to_owned()
    }
}

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no holder panics").push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Clocks that stand still until the test moves them; both begin at 0.
#[derive(Clone, Default)]
pub(crate) struct Still(Arc<Mutex<Duration>>);

impl Still {
    pub(crate) fn at(time: Duration) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.0.lock().expect("no holder panics") += time;
    }
}

impl Clock for Still {
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + *self.0.lock().expect("no holder panics")
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().expect("no holder panics")
    }
}

/// A writer that a test can stop: a write begun while it is shut waits until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    pub(crate) writes: Writes,
    state: Arc<(Mutex<GateState>, Condvar)>,
}

#[derive(Default)]
struct GateState {
    shut: bool,
    waiting: bool,
}

impl Gate {
    pub(crate) fn shut() -> Self {
        let gate = Self::default();
        gate.change(|state| state.shut = true);
        gate
    }

    pub(crate) fn open(&self) {
        self.change(|state| state.shut = false);
    }

    fn change(&self, edit: impl FnOnce(&mut GateState)) {
        let (state, changed) = &*self.state;
        edit(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Returns once a write waits at the gate.
    pub(crate) fn await_writer(&self) {
        let (state, changed) = &*self.state;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(state, |state| !state.waiting).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.change(|state| state.waiting = true);
        let (state, changed) = &*self.state;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = changed.wait_while(state, |state| state.shut).unwrap_or_else(PoisonError::into_inner);
        state.waiting = false;
        drop(state);
        self.writes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
