//! The value a program passes around: where lines go, which pass, and the pairs they all carry.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use slog::{Discard, Drain, FlushError, OwnedKV, OwnedKVList, Record};

use crate::async_drain::AsyncDrain;
use crate::counters::Counters;
use crate::drain::LineDrain;
use crate::filter::{Levels, Site};
use crate::format::UNLEVELLED;
use crate::level::Level;

/// A logger: a drain, the levels in force, and a context of pairs. Cheap to clone; clones share drain and levels.
///
/// Log through the macros of this crate, [`info!`](crate::info) and its siblings; slog's own work on
/// [`slog`](Self::slog).
///
/// # Examples
/// ```
/// use kit_log::{Logger, logfmt, o};
///
/// let log = Logger::new(logfmt(std::io::stderr())).with(o!("service" => "shop"));
/// kit_log::info!(log, "listening"; "port" => 8080); // level=info service=shop msg=listening port=8080
/// ```
#[derive(Clone)]
pub struct Logger {
    slog: slog::Logger,
    core: Arc<Core>,
}

struct Core {
    levels: Levels,
    counters: Counters,
    drain: Box<dyn slog::SendSyncRefUnwindSafeDrain<Ok = (), Err = Infallible>>,
}

impl Logger {
    /// Logs to any slog drain, at `info` and above.
    pub fn new<D>(drain: D) -> Self
    where
        D: slog::SendSyncRefUnwindSafeDrain<Ok = (), Err = Infallible> + 'static,
    {
        Self::with_levels(drain, Levels::default())
    }

    /// Logs to any slog drain what `levels` let pass: a [`Level`], or a handle shared with others.
    pub fn with_levels<D>(drain: D, levels: impl Into<Levels>) -> Self
    where
        D: slog::SendSyncRefUnwindSafeDrain<Ok = (), Err = Infallible> + 'static,
    {
        let any: &dyn Any = &drain;
        let counters = match (any.downcast_ref::<LineDrain>(), any.downcast_ref::<AsyncDrain>()) {
            (Some(drain), _) => drain.counters(),
            (_, Some(drain)) => drain.counters(),
            _ => Counters::default(),
        };
        Self::with_counters(drain, levels.into(), counters)
    }

    pub(crate) fn with_counters<D>(drain: D, levels: Levels, counters: Counters) -> Self
    where
        D: slog::SendSyncRefUnwindSafeDrain<Ok = (), Err = Infallible> + 'static,
    {
        let core = Arc::new(Core { levels, counters, drain: Box::new(drain) });
        Self { slog: slog::Logger::root(Filtered(Arc::clone(&core)), slog::o!()), core }
    }

    /// Logs nowhere: every event is refused before it is looked at, until its levels are raised.
    pub fn discard() -> Self {
        Self::with_levels(Discard, Levels::new(None))
    }

    /// The same logger with more context, printed after what it has: `log.with(o!("request_id" => id))`.
    ///
    /// A pair with a key the context already has takes its place.
    #[must_use = "the logger itself stays as it is"]
    pub fn with<T>(&self, pairs: OwnedKV<T>) -> Self
    where
        T: slog::SendSyncRefUnwindSafeKV + 'static,
    {
        Self { slog: self.slog.new(pairs), core: Arc::clone(&self.core) }
    }

    /// The handle that changes what this logger, its clones and its descendants print.
    pub fn levels(&self) -> &Levels {
        &self.core.levels
    }

    /// What was lost on the way: the counts of the drain of this crate behind this logger, zero behind any other.
    pub fn counters(&self) -> &Counters {
        &self.core.counters
    }

    /// Whether an event of this level and target would be printed.
    pub fn is_enabled(&self, level: Level, target: &str) -> bool {
        self.core.levels.allows(level, target)
    }

    /// The slog logger inside: same drain, same levels, same context. slog's own macros add slog's compile-time level
    /// to the filter (`info` in release builds unless the program's `Cargo.toml` says otherwise).
    pub fn slog(&self) -> &slog::Logger {
        &self.slog
    }

    /// Waits until what was logged so far has been handed to the system.
    ///
    /// # Errors
    /// What the drain answers; [`FlushError::NotSupported`] from drains that cannot.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.core.drain.flush()
    }

    /// The filter of the macros.
    #[doc(hidden)]
    #[inline]
    pub fn passes(&self, site: &Site, level: Option<Level>, target: &str) -> bool {
        match level {
            Some(level) => self.core.levels.allows_at(site, level, target),
            None => self.core.levels.allows_unlevelled(),
        }
    }

    /// Prints a record that [`passes`](Self::passes).
    #[doc(hidden)]
    pub fn print(&self, record: &Record<'_>) {
        // Of type `Result<(), Infallible>`.
        let _ = self.core.drain.log(record, self.slog.list());
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("levels", &self.core.levels)
            .field("context", self.slog.list())
            .finish_non_exhaustive()
    }
}

/// The way in for records that no macro of this crate has filtered.
struct Filtered(Arc<Core>);

impl Drain for Filtered {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, context: &OwnedKVList) -> Result<(), Infallible> {
        let levels = &self.0.levels;
        let passes = if record.tag() == UNLEVELLED {
            levels.allows_unlevelled()
        } else {
            levels.allows(Level::from_slog(record.level()), record.module())
        };
        if passes { self.0.drain.log(record, context) } else { Ok(()) }
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        self.0.levels.allows_somewhere(Level::from_slog(level))
    }

    fn flush(&self) -> Result<(), FlushError> {
        self.0.drain.flush()
    }
}
