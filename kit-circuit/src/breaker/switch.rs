//! The one word that decides: who passes, who probes, who is refused.
//!
//! Reading is free of locks: a closed breaker costs a call one load, a refusal two or three. Writing, which happens when the state
//! changes and for probes, is done under one lock, held for a few instructions and never by a caller that waits for anything.
//!
//! This file uses nothing but [`State`](super::state::State) and `sync`, so that `tests/loom_breaker.rs` can include it and try
//! every interleaving.

use super::state::State;
use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// The state, the period (it changes with every change of state), the probes that are out and those that have succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

const PERIODS: u32 = (1 << 29) - 1;

impl Word {
    fn new(state: State, period: u32, out: u16, succeeded: u16) -> Self {
        let high = (period & PERIODS) << 3 | state as u32;
        Self(u64::from(high) << 32 | u64::from(succeeded) << 16 | u64::from(out))
    }

    pub(crate) fn state(self) -> State {
        State::ALL[(self.0 >> 32) as usize & 7]
    }

    pub(crate) fn period(self) -> u32 {
        (self.0 >> 35) as u32
    }

    /// Probes that are out.
    pub(crate) fn out(self) -> u16 {
        self.0 as u16
    }

    /// Probes that have succeeded.
    pub(crate) fn succeeded(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) fn same_period(self, other: Word) -> bool {
        self.0 >> 32 == other.0 >> 32
    }

    /// Whether one more may go out: as many at once as is allowed, and no more than can be needed.
    pub(crate) fn has_room(self, rules: Rules) -> bool {
        let (out, succeeded) = (self.out(), self.succeeded());
        out < rules.probes && out.saturating_add(succeeded) < rules.probes.max(rules.successes)
    }
}

/// The settings of the half-open state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Out at once.
    pub(crate) probes: u16,
    /// Needed to close.
    pub(crate) successes: u16,
    /// Nanoseconds that probes may take before they count as hung.
    pub(crate) stay: u64,
}

/// What a call is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Go; counted if this is still the period when it ends.
    Pass(Word),
    /// Go, and tell how it went: [`Switch::succeed`], [`Switch::open`] or [`Switch::give_back`].
    Probe(Word),
    /// No; in state `Open` until this time.
    Refused(State, u64),
}

/// A change of state that has happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved<B> {
    pub(crate) from: State,
    pub(crate) word: Word,
    /// When the open time, or the longest stay half-open, is over; nothing in other states.
    pub(crate) until: u64,
    /// What was noted in the book with it.
    pub(crate) book: B,
}

/// Times are nanoseconds since the breaker was made. `B` is noted under the lock, with every change.
#[derive(Debug)]
pub(crate) struct Switch<B> {
    word: AtomicU64,
    /// By the parity of the period: that of the next one is written before its word, and this one's stays while it is read.
    until: [AtomicU64; 2],
    book: Mutex<B>,
}

impl<B: Copy> Switch<B> {
    pub(crate) fn new(book: B) -> Self {
        Self {
            word: AtomicU64::new(Word::new(State::Closed, 0, 0, 0).0),
            until: [AtomicU64::new(0), AtomicU64::new(0)],
            book: Mutex::new(book),
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    pub(crate) fn book(&self) -> B {
        *self.lock()
    }

    /// The word, and the time that belongs to its period.
    pub(crate) fn read(&self) -> (Word, u64) {
        loop {
            let word = self.load();
            let until = self.until[word.period() as usize & 1].load(Ordering::Acquire);
            // A later period's time is written only after the word has left this one.
            if self.load().same_period(word) {
                return (word, until);
            }
        }
    }

    /// Asks to be let in at `now`. A state that has outlived its time is changed first; `hung` says until when it is open again if
    /// its probes have not answered.
    pub(crate) fn enter(&self, now: u64, rules: Rules, hung: impl FnOnce(&mut B) -> u64) -> (Entry, Option<Moved<B>>) {
        let (word, until) = self.read();
        match word.state() {
            State::Open if now < until => return (Entry::Refused(State::Open, until), None),
            State::HalfOpen if now < until && !word.has_room(rules) => {
                return (Entry::Refused(State::HalfOpen, until), None);
            }
            State::Open | State::HalfOpen => {}
            State::ForcedOpen => return (Entry::Refused(State::ForcedOpen, 0), None),
            State::Closed | State::ForcedClosed | State::Disabled => return (Entry::Pass(word), None),
        }
        let mut book = self.lock();
        let word = self.load();
        let until = self.until[word.period() as usize & 1].load(Ordering::Acquire);
        match word.state() {
            State::Open if now < until => (Entry::Refused(State::Open, until), None),
            State::Open => self.begin_probing(word, now, rules, &book),
            State::HalfOpen if now >= until && word.out() == 0 => self.begin_probing(word, now, rules, &book),
            State::HalfOpen if now >= until => {
                let until = hung(&mut book);
                (Entry::Refused(State::Open, until), Some(self.change(word, State::Open, until, 0, &book)))
            }
            State::HalfOpen if word.has_room(rules) => {
                let word = self.count(word, word.out() + 1, word.succeeded());
                (Entry::Probe(word), None)
            }
            State::HalfOpen => (Entry::Refused(State::HalfOpen, until), None),
            State::ForcedOpen => (Entry::Refused(State::ForcedOpen, 0), None),
            State::Closed | State::ForcedClosed | State::Disabled => (Entry::Pass(word), None),
        }
    }

    /// Opens, if the period is still that of the call `of`: the first of several that ask.
    pub(crate) fn open(&self, of: Word, until: impl FnOnce(&mut B) -> u64) -> Option<Moved<B>> {
        let mut book = self.lock();
        let word = self.load();
        if !word.same_period(of) {
            return None;
        }
        let until = until(&mut book);
        Some(self.change(word, State::Open, until, 0, &book))
    }

    /// A probe has succeeded. Closes with the last one needed; `close` runs before any call passes.
    pub(crate) fn succeed(&self, probe: Word, needed: u16, close: impl FnOnce(&mut B)) -> Option<Moved<B>> {
        let mut book = self.lock();
        let word = self.load();
        if !word.same_period(probe) {
            return None;
        }
        let succeeded = word.succeeded().saturating_add(1);
        if succeeded < needed {
            self.count(word, word.out().saturating_sub(1), succeeded);
            return None;
        }
        close(&mut book);
        Some(self.change(word, State::Closed, 0, 0, &book))
    }

    /// A probe has ended without a word on the backend: another may go.
    pub(crate) fn give_back(&self, probe: Word) {
        let _book = self.lock();
        let word = self.load();
        if word.same_period(probe) {
            self.count(word, word.out().saturating_sub(1), word.succeeded());
        }
    }

    /// Changes to what `to` makes of the state, by hand; a state with an open time is over at `until`.
    pub(crate) fn force(
        &self,
        to: impl FnOnce(State) -> Option<State>,
        until: u64,
        note: impl FnOnce(&mut B, State),
    ) -> Option<Moved<B>> {
        let mut book = self.lock();
        let word = self.load();
        let to = to(word.state())?;
        note(&mut book, word.state());
        Some(self.change(word, to, until, 0, &book))
    }

    fn begin_probing(&self, word: Word, now: u64, rules: Rules, book: &B) -> (Entry, Option<Moved<B>>) {
        let moved = self.change(word, State::HalfOpen, now.saturating_add(rules.stay), 1, book);
        (Entry::Probe(moved.word), Some(moved))
    }

    /// Only under the lock.
    fn change(&self, from: Word, to: State, until: u64, out: u16, book: &B) -> Moved<B> {
        let word = Word::new(to, from.period().wrapping_add(1), out, 0);
        self.until[word.period() as usize & 1].store(until, Ordering::Release);
        self.word.store(word.0, Ordering::Release);
        Moved { from: from.state(), word, until, book: *book }
    }

    /// Only under the lock.
    fn count(&self, word: Word, out: u16, succeeded: u16) -> Word {
        let word = Word::new(word.state(), word.period(), out, succeeded);
        self.word.store(word.0, Ordering::Release);
        word
    }

    fn lock(&self) -> MutexGuard<'_, B> {
        // What runs under it leaves the book whole, or untouched.
        self.book.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
