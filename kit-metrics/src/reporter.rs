//! The thread that hands snapshots to a backend at an interval.
//!
//! A plain thread and no task: a backend may wait for a socket or a pipe, which would hold up a runtime, and needs none
//! itself. Whoever counts something touches atomics only, so a backend that fails, waits or hangs delays nobody and
//! holds at most one snapshot.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::backend::Backend;
use crate::counter::Counter;
use crate::registry::Registry;

/// What dropping a [`Reporter`] waits for the last export.
pub const DROP_WAIT: Duration = Duration::from_secs(1);

/// Default interval for backends that are pushed to: ten seconds, as StatsD daemons flush by default.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// Hands snapshots of a registry to a [`Backend`] at an interval, from a thread of its own; stops when dropped.
///
/// The last snapshot is handed over at the end. Dropping waits [`DROP_WAIT`] for that at most, so a backend that hangs
/// costs a shutdown a second and leaves its thread behind; [`shutdown`](Self::shutdown) waits as long as it is told.
/// The interval is counted from the end of one export to the start of the next, so slow exports do not pile up.
///
/// Three counters of the registry, each by `backend`, tell how it goes: `kit_metrics_exports_total`,
/// `kit_metrics_export_failures_total`, and `kit_metrics_export_panics_total`, as a panic in the backend ends one
/// export and not the thread.
#[derive(Debug)]
#[must_use = "dropping it stops the reports"]
pub struct Reporter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Exports asked for, and how many of those requests have been met.
    asked: u64,
    met: u64,
    stop: bool,
    ended: bool,
}

/// What the thread counts.
struct Counts {
    exports: Counter,
    failures: Counter,
    panics: Counter,
}

impl Reporter {
    /// Starts the thread. The first export comes after one interval.
    ///
    /// # Errors
    /// The interval is zero, or the thread cannot be started.
    pub fn start(registry: &Registry, interval: Duration, backend: impl Backend + 'static) -> io::Result<Self> {
        if interval.is_zero() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the interval of a reporter is zero"));
        }
        let counts = Counts::new(registry, backend.name())?;
        let shared = Arc::new(Shared::default());
        let (registry, threads) = (registry.clone(), Arc::clone(&shared));
        std::thread::Builder::new()
            .name(format!("kit-metrics-{}", backend.name()))
            .spawn(move || threads.run(&registry, interval, backend, &counts))?;
        Ok(Self(shared))
    }

    /// Exports now and waits for it, at most this long; whether it was done.
    pub fn flush(&self, within: Duration) -> bool {
        let mut state = self.0.lock();
        state.asked += 1;
        let mine = state.asked;
        self.0.changed.notify_all();
        let (state, _) = self
            .0
            .changed
            .wait_timeout_while(state, within, |state| state.met < mine && !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        state.met >= mine
    }

    /// Exports for the last time and stops, waiting at most this long; whether it was done.
    pub fn shutdown(self, within: Duration) -> bool {
        self.stop(within)
    }

    pub(crate) fn stop(&self, within: Duration) -> bool {
        let mut state = self.0.lock();
        state.stop = true;
        self.0.changed.notify_all();
        let (state, _) = self
            .0
            .changed
            .wait_timeout_while(state, within, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        state.ended
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        // After `shutdown` it has been told already, and is not waited for twice.
        if !self.0.lock().stop {
            self.stop(DROP_WAIT);
        }
    }
}

impl Shared {
    fn run(&self, registry: &Registry, interval: Duration, mut backend: impl Backend, counts: &Counts) {
        let _ended = Ended(self);
        loop {
            let (state, _) = self
                .changed
                .wait_timeout_while(self.lock(), interval, |state| !state.stop && state.met == state.asked)
                .unwrap_or_else(PoisonError::into_inner);
            let (asked, stop) = (state.asked, state.stop);
            drop(state);
            match catch_unwind(AssertUnwindSafe(|| backend.export(&registry.snapshot()))) {
                Ok(Ok(())) => counts.exports.inc(),
                Ok(Err(_)) => counts.failures.inc(),
                Err(_) => counts.panics.inc(),
            }
            self.lock().met = asked;
            self.changed.notify_all();
            if stop {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only whole assignments happen under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait that the thread is gone, however it ended.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

impl Counts {
    fn new(registry: &Registry, backend: &str) -> io::Result<Self> {
        let counter = |name, help| -> io::Result<Counter> {
            let family = registry.counter(name, help).labels(["backend"]).map_err(io::Error::other)?;
            family.with([backend]).map_err(io::Error::other)
        };
        Ok(Self {
            exports: counter("kit_metrics_exports_total", "Snapshots that a backend took")?,
            failures: counter("kit_metrics_export_failures_total", "Snapshots that a backend did not take in full")?,
            panics: counter("kit_metrics_export_panics_total", "Snapshots that a backend panicked over")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;
    use crate::memory::Memory;
    use crate::snapshot::Snapshot;

    /// An interval that no test reaches the end of.
    const NEVER: Duration = Duration::from_secs(3600);
    /// What a test waits for what comes at once, if all is well.
    const SOON: Duration = Duration::from_secs(60);

    /// Says when an export begins, then does what it is told; hangs while it is told nothing.
    struct Played {
        began: SyncSender<()>,
        told: Receiver<io::Result<()>>,
    }

    impl Backend for Played {
        fn name(&self) -> &'static str {
            "played"
        }

        fn export(&mut self, _: &Snapshot) -> io::Result<()> {
            let _ = self.began.send(());
            self.told.recv().unwrap_or(Ok(()))
        }
    }

    fn played() -> (Played, Receiver<()>, SyncSender<io::Result<()>>) {
        let ((began, begun), (tell, told)) = (sync_channel(8), sync_channel(8));
        (Played { began, told }, begun, tell)
    }

    fn count(registry: &Registry, name: &str) -> Option<f64> {
        registry.snapshot().value(name, &[("backend", "played")])
    }

    #[test]
    fn exports_when_asked_and_once_more_at_the_end() {
        let (registry, memory) = (Registry::new(), Memory::new());
        let depth = registry.gauge("depth", "Depth").unlabelled().unwrap();
        let reporter = Reporter::start(&registry, NEVER, memory.clone()).unwrap();
        depth.set(1.0);
        assert!(reporter.flush(SOON));
        assert_eq!((memory.exports(), memory.last().value("depth", &[])), (1, Some(1.0)));
        depth.set(2.0);
        assert!(reporter.shutdown(SOON));
        assert_eq!((memory.exports(), memory.last().value("depth", &[])), (2, Some(2.0)));
    }

    #[test]
    fn exports_at_its_interval_unasked() {
        let (registry, (backend, begun, tell)) = (Registry::new(), played());
        let reporter = Reporter::start(&registry, Duration::from_millis(1), backend).unwrap();
        for _ in 0..3 {
            begun.recv().unwrap();
            tell.send(Ok(())).unwrap();
        }
        drop(tell);
        assert!(reporter.shutdown(SOON));
    }

    #[test]
    fn a_failure_is_counted_and_the_next_export_comes_all_the_same() {
        let (registry, (backend, _begun, tell)) = (Registry::new(), played());
        let reporter = Reporter::start(&registry, NEVER, backend).unwrap();
        tell.send(Err(io::ErrorKind::ConnectionRefused.into())).unwrap();
        assert!(reporter.flush(SOON));
        tell.send(Ok(())).unwrap();
        assert!(reporter.flush(SOON));
        assert_eq!(count(&registry, "kit_metrics_export_failures_total"), Some(1.0));
        assert_eq!(count(&registry, "kit_metrics_exports_total"), Some(1.0));
        drop(tell);
    }

    #[test]
    fn a_panic_is_counted_and_the_thread_lives_on() {
        struct Panics;
        impl Backend for Panics {
            fn name(&self) -> &'static str {
                "played"
            }
            fn export(&mut self, _: &Snapshot) -> io::Result<()> {
                std::panic::resume_unwind(Box::new("export"))
            }
        }
        let registry = Registry::new();
        let reporter = Reporter::start(&registry, NEVER, Panics).unwrap();
        assert!(reporter.flush(SOON) && reporter.flush(SOON));
        assert_eq!(count(&registry, "kit_metrics_export_panics_total"), Some(2.0));
    }

    #[test]
    fn a_backend_that_hangs_delays_no_one_who_counts_and_ends_no_later_than_told() {
        let (registry, (backend, begun, tell)) = (Registry::new(), played());
        let calls = registry.counter("calls_total", "Calls").unlabelled().unwrap();
        let reporter = Reporter::start(&registry, Duration::from_millis(1), backend).unwrap();
        begun.recv().unwrap();
        // It hangs now, inside an export, until it is told something.
        (0..1000).for_each(|_| calls.inc());
        assert_eq!(registry.snapshot().value("calls_total", &[]), Some(1000.0));
        assert!(!reporter.flush(Duration::from_millis(1)));
        assert!(!reporter.shutdown(Duration::from_millis(1)));
        drop(tell);
    }

    #[test]
    fn an_interval_of_nothing_is_refused() {
        let error = Reporter::start(&Registry::new(), Duration::ZERO, Memory::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
