use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Code, Context, Error, Outcome, Retry};
use tokio::sync::watch;
use tokio::time::Instant;

use super::book::Book;
use super::numbers::Numbers;
use super::pass::{Ended, Ends};
use super::strategy::{Configured, nanos};
use super::switch::{Entry, Moved, Rules, Switch, Word};
use super::{Call, Config, Event, Mode, Open, Reason, State, Status, Strategy, Verdict};
use crate::config::ConfigError;
use crate::counts::Counts;
use crate::live::Live;
use crate::tell::Tell;

/// One breaker.
pub(super) struct Shared {
    switch: Switch<Book>,
    configured: Configured,
    extra: Option<Box<dyn Strategy>>,
    made: Instant,
    config: Live<Config>,
    status: watch::Sender<Status>,
    around: RwLock<Around>,
    /// The calls that counted in the period they began in, while the breaker was closed.
    closed: Numbers,
    counters: Counters,
}

/// What is needed when something notable happens.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) name: Option<Arc<str>>,
    pub(super) tell: Tell<Event>,
    pub(super) random: Arc<dyn Random>,
}

/// How calls ended, but for those that worked while the breaker was closed.
#[derive(Default)]
struct Counters {
    /// Of the calls that counted in the period they began in, while the breaker was closed.
    closed_failed: AtomicU64,
    /// The same: given up when they had become slow.
    closed_abandoned: AtomicU64,
    /// Probes, and calls that ended in a later period than they began in.
    other_ok: AtomicU64,
    other_failed: AtomicU64,
    cancelled: AtomicU64,
    refused: AtomicU64,
    opened: AtomicU64,
}

impl Shared {
    /// Of a config that was checked.
    pub(super) fn new(config: Config, extra: Option<Box<dyn Strategy>>, around: Around) -> Self {
        let made = Instant::now();
        let status = Status { state: State::Closed, since: made, until: None, reason: None, period: 0 };
        Self {
            switch: Switch::new(Book::default()),
            configured: Configured::new(&config),
            extra,
            made,
            config: Live::new(config),
            status: watch::Sender::new(status),
            around: RwLock::new(around),
            closed: Numbers::default(),
            counters: Counters::default(),
        }
    }

    /// Lets a call in, or says why not. What it is let in with ends the call: see [`Ends`].
    #[inline]
    pub(super) fn admit(&self, cx: &Context) -> Result<Word, Error> {
        let word = self.switch.load();
        match word.state() {
            State::Closed | State::ForcedClosed | State::Disabled => Ok(word),
            _ => self.admit_probe(cx),
        }
    }

    #[cold]
    fn admit_probe(&self, cx: &Context) -> Result<Word, Error> {
        let (now, config) = (self.nanos(cx.now()), self.config.load());
        let hung = |book: &mut Book| self.open_until(book, now, false, (Reason::Undecided, None));
        let (entry, moved) = self.switch.enter(now, rules(&config), hung);
        drop(config);
        if let Some(moved) = moved {
            self.announce(moved, now);
        }
        match entry {
            Entry::Pass(word) | Entry::Probe(word) => Ok(word),
            Entry::Refused(state, until) => Err(self.refuse(state, until, now)),
        }
    }

    fn refuse(&self, state: State, until: u64, now: u64) -> Error {
        self.counters.refused.fetch_add(1, Ordering::Relaxed);
        let left = (state == State::Open).then(|| Duration::from_nanos(until.saturating_sub(now)));
        let open = Open::new(state, left, self.switch.book().reason);
        let around = self.around();
        around.tell.tell(|| Event::Refused { name: around.name.clone(), open });
        drop(around);
        // It did not run, so another instance may be asked at once.
        Error::boundary(Code::Unavailable, open).with_outcome(Outcome::Rejected).with_retry(Retry::Safe)
    }

    #[cold]
    fn count(&self, word: Word, ended: Ended) {
        let counters = &self.counters;
        let number = self.closed.count(self.numbers()).number();
        match ended.verdict {
            Verdict::Worked => {}
            Verdict::Failed => _ = counters.closed_failed.fetch_add(1, Ordering::Release),
            Verdict::Abandoned => {
                counters.cancelled.fetch_add(1, Ordering::Relaxed);
                counters.closed_abandoned.fetch_add(1, Ordering::Release);
            }
        }
        let now = self.nanos(ended.at);
        let call = Call::at_nanos(number, now, ended.verdict).took_if(ended.took);
        let mut reason = self.configured.record(&call);
        if let Some(extra) = &self.extra {
            let other = extra.record(&call);
            reason = reason.or(other);
        }
        if let Some(reason) = reason
            && word.state() == State::Closed
        {
            self.open(word, now, (reason, ended.told));
        }
    }

    #[cold]
    fn end_probe(&self, word: Word, ended: Ended) {
        self.count_other(ended.verdict);
        let now = self.nanos(ended.at);
        let slow = self.slow_after().zip(ended.took).is_some_and(|(over, took)| took >= over);
        match ended.verdict {
            Verdict::Failed => self.open(word, now, (Reason::Probe, ended.told)),
            _ if slow => self.open(word, now, (Reason::SlowProbe, None)),
            Verdict::Abandoned => self.switch.give_back(word),
            Verdict::Worked => {
                let needed = self.config.load().half_open.successes;
                let moved = self.switch.succeed(word, needed, |book| {
                    book.close(now);
                    self.forget_calls();
                });
                if let Some(moved) = moved {
                    self.announce(moved, now);
                }
            }
        }
    }

    fn count_other(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Worked => &self.counters.other_ok,
            Verdict::Failed => &self.counters.other_failed,
            Verdict::Abandoned => &self.counters.cancelled,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    fn open(&self, word: Word, now: u64, why: (Reason, Option<Duration>)) {
        let closed = word.state() == State::Closed;
        if let Some(moved) = self.switch.open(word, |book| self.open_until(book, now, closed, why)) {
            self.announce(moved, now);
        }
    }

    fn open_until(&self, book: &mut Book, now: u64, from_closed: bool, why: (Reason, Option<Duration>)) -> u64 {
        let random = Arc::clone(&self.around().random);
        book.open(now, from_closed, why, self.config.load().open, &*random)
    }

    fn forget_calls(&self) {
        let number = self.closed.last();
        self.configured.reset(number);
        if let Some(extra) = &self.extra {
            extra.reset(number);
        }
    }

    /// Tells of a change, outside the lock under which it happened.
    fn announce(&self, moved: Moved<Book>, now: u64) {
        let (to, reason) = (moved.word.state(), moved.book.reason);
        // Let go by hand, one that was held open is open still.
        if to == State::Open && moved.from != State::ForcedOpen {
            self.counters.opened.fetch_add(1, Ordering::Relaxed);
        }
        let until = matches!(to, State::Open | State::HalfOpen).then(|| self.instant(moved.until));
        let period = moved.word.period();
        let status = Status { state: to, since: self.instant(now), until, reason, period };
        self.status.send_if_modified(|current| {
            // Another thread may have told of a later change already. Periods are 29 bits, and come round.
            let newer = period.wrapping_sub(current.period) << 3 < 1 << 31;
            if newer {
                *current = status;
            }
            newer
        });
        let around = self.around().clone();
        around.tell.tell(|| Event::Changed { name: around.name.clone(), from: moved.from, to, reason, until });
    }

    pub(super) fn force(&self, mode: Mode) {
        let now = self.nanos(Instant::now());
        let to = |state| match (mode, state) {
            (Mode::Automatic, State::ForcedOpen) => Some(State::Open),
            (Mode::Automatic, State::ForcedClosed | State::Disabled) => Some(State::Closed),
            (Mode::Automatic, _) => None,
            (Mode::ForcedOpen, state) => Some(State::ForcedOpen).filter(|to| *to != state),
            (Mode::ForcedClosed, state) => Some(State::ForcedClosed).filter(|to| *to != state),
            (Mode::Disabled, state) => Some(State::Disabled).filter(|to| *to != state),
        };
        let moved = self.switch.force(to, now, |book, from| {
            let counted = matches!(from, State::Closed | State::ForcedClosed);
            match mode {
                Mode::ForcedOpen => book.reason = Some(Reason::Forced),
                Mode::Disabled => {}
                // What was counted before calls were not is old.
                Mode::Automatic | Mode::ForcedClosed if !counted => {
                    book.close(now);
                    self.forget_calls();
                }
                Mode::Automatic | Mode::ForcedClosed => {}
            }
        });
        if let Some(moved) = moved {
            self.announce(moved, now);
        }
    }

    pub(super) fn reset(&self) {
        let now = self.nanos(Instant::now());
        let to = |state| match state {
            State::Open | State::HalfOpen | State::Closed => Some(State::Closed),
            State::ForcedOpen | State::ForcedClosed | State::Disabled => None,
        };
        let moved = self.switch.force(to, 0, |book, _from| {
            book.forget(now);
            self.forget_calls();
        });
        if let Some(moved) = moved.filter(|moved| moved.from != State::Closed) {
            self.announce(moved, now);
        }
    }

    pub(super) fn set(&self, config: Config) -> Result<(), ConfigError> {
        let config = config.check()?;
        if self.extra.is_none() {
            config.opens()?;
        }
        let number = self.closed.last();
        self.config.set(config);
        self.configured.set(&config, number, self.nanos(Instant::now()));
        Ok(())
    }

    pub(super) fn config(&self) -> Config {
        **self.config.load()
    }

    pub(super) fn rules(&self) -> Rules {
        rules(&self.config.load())
    }

    /// The word, and the time that its state ends.
    pub(super) fn read(&self) -> (Word, Instant) {
        let (word, until) = self.switch.read();
        (word, self.instant(until))
    }

    pub(super) fn reason(&self) -> Option<Reason> {
        self.switch.book().reason
    }

    pub(super) fn status(&self) -> &watch::Sender<Status> {
        &self.status
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let counters = &self.counters;
        let (closed_failed, abandoned) = (of(&counters.closed_failed), of(&counters.closed_abandoned));
        // Read after its parts, it is at least their sum.
        let closed = self.closed.last();
        let ok = closed - closed_failed - abandoned + of(&counters.other_ok);
        let (failed, cancelled) = (closed_failed + of(&counters.other_failed), of(&counters.cancelled));
        Counts { admitted: ok + failed + cancelled, refused: of(&counters.refused), ok, failed, cancelled }
    }

    pub(super) fn opened(&self) -> u64 {
        self.counters.opened.load(Ordering::Relaxed)
    }

    pub(super) fn around(&self) -> RwLockReadGuard<'_, Around> {
        self.around.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change_around(&self, change: impl FnOnce(&mut Around)) {
        change(&mut self.around.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether a call's number has to be its own.
    #[inline]
    fn numbers(&self) -> bool {
        self.extra.is_some() || self.configured.numbers()
    }

    #[inline]
    fn nanos(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.made))
    }

    fn instant(&self, nanos: u64) -> Instant {
        // An open time that nobody lives to see ends in thirty years.
        let far = Duration::from_secs(30 * 365 * 86_400);
        self.made.checked_add(Duration::from_nanos(nanos)).unwrap_or_else(|| self.made + far)
    }
}

impl Ends for Shared {
    type Ticket = Word;

    #[inline]
    fn counts(word: Word) -> bool {
        word.state() != State::Disabled
    }

    #[inline]
    fn asks_more(&self) -> bool {
        self.extra.is_some() || self.configured.times()
    }

    #[inline]
    fn worked(&self, word: Word, at: Instant) {
        let closed = matches!(word.state(), State::Closed | State::ForcedClosed) && self.switch.load() == word;
        if !closed {
            return self.end(word, Ended { verdict: Verdict::Worked, at, took: None, told: None });
        }
        let counted = self.closed.count(self.numbers());
        self.configured.worked(|| counted.number(), at, self.made);
    }

    #[inline]
    fn slow_after(&self) -> Option<Duration> {
        let configured = self.configured.slow_after();
        match &self.extra {
            None => configured,
            Some(extra) => configured.into_iter().chain(extra.slow_after()).min(),
        }
    }

    #[cold]
    fn end(&self, word: Word, ended: Ended) {
        match word.state() {
            State::Closed | State::ForcedClosed if self.switch.load() == word => self.count(word, ended),
            State::HalfOpen => self.end_probe(word, ended),
            _ => self.count_other(ended.verdict),
        }
    }

    fn end_without_word(&self, word: Word) {
        self.counters.cancelled.fetch_add(1, Ordering::Relaxed);
        if word.state() == State::HalfOpen {
            self.switch.give_back(word);
        }
    }
}

fn rules(config: &Config) -> Rules {
    let half_open = config.half_open;
    Rules { probes: half_open.probes, successes: half_open.successes, stay: nanos(half_open.stay) }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.around().name)
            .field("status", &*self.status.borrow())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
