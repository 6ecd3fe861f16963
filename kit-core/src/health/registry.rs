use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::entry::{Answer, Entry};
use super::{Changed, Check, CheckReport, Limits, Probe, Report, Status};
use crate::error::Error;
use crate::observer::Observer;

/// The name of the gate that opens when start-up is done: [`Health::set_started`].
pub const STARTED: &str = "started";

/// The name of the gate that a drain closes: [`Health::set_ready`].
pub const READY: &str = "ready";

/// What is known of a process's health. Clones are one registry, which is passed in wherever something is checked or asked.
///
/// It begins *not started*: whoever starts the process says [`set_started`](Self::set_started), as a
/// [`Lifecycle`](crate::Lifecycle) does; until then [`Probe::Readiness`] fails.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    entries: Mutex<Vec<Arc<Entry>>>,
    /// Said to be started.
    started: AtomicBool,
    /// Started, and the checks of the start have passed once.
    start_done: AtomicBool,
    ready: AtomicBool,
    observer: Box<dyn Observer<Changed>>,
}

impl Health {
    /// No checks yet, not started; nobody is told of changes.
    pub fn new() -> Self {
        Self::observed(())
    }

    /// As [`new`](Self::new), and `observer` is told when a check or a gate changes, with the error that a probe's answer never
    /// holds. A change of a check is noticed when it is probed.
    pub fn observed(observer: impl Observer<Changed> + 'static) -> Self {
        Self(Arc::new(Inner {
            entries: Mutex::default(),
            started: AtomicBool::new(false),
            start_done: AtomicBool::new(false),
            ready: AtomicBool::new(true),
            observer: Box::new(observer),
        }))
    }

    /// Registers a check under a name that strangers may read, with the check's own [`limits`](Check::limits), usually the default.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is empty or a gate's; `AlreadyExists` for one that the probe has already.
    pub fn add(&self, probe: Probe, name: impl Into<Arc<str>>, check: impl Check) -> Result<(), Error> {
        let limits = check.limits();
        self.add_within(probe, name, limits, check)
    }

    /// Registers a check with limits of its own.
    ///
    /// # Errors
    /// Those of [`add`](Self::add); `InvalidArgument` for a limit out of its range.
    pub fn add_within(
        &self,
        probe: Probe,
        name: impl Into<Arc<str>>,
        limits: Limits,
        check: impl Check,
    ) -> Result<(), Error> {
        let name = name.into();
        limits.check()?;
        if name.is_empty() || [STARTED, READY].contains(&&*name) {
            return Err(Error::invalid_argument(format!("a health check cannot be named {name:?}")));
        }
        let mut entries = self.entries();
        if entries.iter().any(|entry| entry.probe == probe && entry.name == name) {
            return Err(Error::already_exists(format!("{probe} has a check {name:?} already")));
        }
        entries.push(Arc::new(Entry::new(probe, name, limits, Arc::new(check))));
        Ok(())
    }

    /// Start-up is done. There is no way back.
    pub fn set_started(&self) {
        if !self.0.started.swap(true, Ordering::AcqRel) {
            self.tell(Probe::Startup, STARTED, true);
        }
    }

    /// Opens or closes the gate of readiness: closed, [`Probe::Readiness`] fails whatever the checks say, so that no more calls
    /// are sent here. It begins open.
    pub fn set_ready(&self, ready: bool) {
        if self.0.ready.swap(ready, Ordering::AcqRel) != ready {
            self.tell(Probe::Readiness, READY, ready);
        }
    }

    /// Asks the gates and the checks of a probe, the checks at once, and answers when the last has: at most the longest deadline
    /// later.
    ///
    /// [`Probe::Readiness`] includes [`Probe::Startup`] until that has been healthy once. A check whose last answer still holds
    /// is not run; probes that overlap share one run. A check that panics is unhealthy.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers, if there is a check to run.
    ///
    /// # Cancel safety
    /// Cancel safe: checks that were begun go on, and their answer serves the next probe.
    pub async fn report(&self, probe: Probe) -> Report {
        let starting = probe != Probe::Liveness && !self.0.start_done.load(Ordering::Acquire);
        let now = Instant::now();
        // All are begun before the first is waited for.
        let start = if starting { self.ask(Probe::Startup, now) } else { Vec::new() };
        let own = if probe == Probe::Startup { Vec::new() } else { self.ask(probe, now) };

        let mut checks = Vec::with_capacity(start.len() + own.len() + 2);
        if starting || probe == Probe::Startup {
            checks.push(CheckReport::gate(STARTED, self.0.started.load(Ordering::Acquire)));
        }
        self.answers(start, &mut checks).await;
        if starting && checks.iter().all(|check| check.status == Status::Healthy) {
            self.0.start_done.store(true, Ordering::Release);
        }
        if probe == Probe::Readiness {
            checks.push(CheckReport::gate(READY, self.0.ready.load(Ordering::Acquire)));
        }
        self.answers(own, &mut checks).await;
        Report::new(probe, checks)
    }

    fn ask(&self, probe: Probe, now: Instant) -> Vec<(Arc<Entry>, Answer)> {
        let entries: Vec<_> = self.entries().iter().filter(|entry| entry.probe == probe).cloned().collect();
        entries.into_iter().map(|entry| (Arc::clone(&entry), entry.ask(now))).collect()
    }

    async fn answers(&self, asked: Vec<(Arc<Entry>, Answer)>, checks: &mut Vec<CheckReport>) {
        for (entry, answer) in asked {
            checks.push(entry.report(answer, &*self.0.observer).await);
        }
    }

    fn tell(&self, probe: Probe, name: &str, open: bool) {
        let (name, status) = (name.into(), Status::of(open));
        self.0.observer.observe(&Changed { probe, name, status, error: None, took: Duration::ZERO });
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Arc<Entry>>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.entries().iter().map(|entry| Arc::clone(&entry.name)).collect();
        f.debug_struct("Health")
            .field("started", &self.0.started)
            .field("ready", &self.0.ready)
            .field("checks", &names)
            .finish()
    }
}
