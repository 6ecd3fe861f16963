//! Families by name.
//!
//! A [`Registry`] is passed to whoever counts something and to the backends that read it; nothing is looked up in a
//! global. It keeps every family for its own lifetime, and registering one again answers the same, so a layer built
//! twice feeds the same numbers.

pub(crate) mod cell;
pub(crate) mod core;
mod family;
pub(crate) mod meta;
mod register;
mod table;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use family::{CounterFamily, Family, GaugeFamily, HistogramFamily, Instrument, SummaryFamily};
pub use register::Register;

use crate::counter::Counter;
use crate::error::RegisterError;
use crate::gauge::Gauge;
use crate::histogram::Histogram;
use crate::registry::core::{Core, Mishaps};
use crate::registry::meta::Meta;
use crate::registry::table::next_id;
use crate::snapshot::{FamilySnapshot, Kind, SeriesSnapshot, Snapshot, Value};
use crate::summary::Summary;
use crate::unit::{Measure, Stepped, Unit};

/// The families of a process, or of a part of it; clones are the same registry.
///
/// Any number of backends read it: one handle feeds them all.
///
/// What the registry itself had to do appears in every snapshot, by `family`, from the first time it happens:
///
/// | counter | what it counts |
/// |---|---|
/// | `kit_metrics_series_overflow_total` | resolutions of label sets past the limit, answered with the series `other` |
/// | `kit_metrics_label_values_replaced_total` | label values that had to be made safe or cut |
/// | `kit_metrics_values_refused_total` | observations that were negative or not finite where they must be |
/// | `kit_metrics_callback_panics_total` | functions that panicked when a snapshot read them |
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let registry = kit_metrics::Registry::new();
/// let requests = registry.counter("http_requests_total", "Requests served").labels(["method"])?;
/// let latency = registry.histogram("http_request_duration_seconds", "Time to serve").unlabelled()?;
///
/// requests.with(["GET"])?.inc();
/// latency.observe(Duration::from_millis(12));
///
/// let snapshot = registry.snapshot();
/// assert_eq!(snapshot.value("http_requests_total", &[("method", "GET")]), Some(1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<BTreeMap<Arc<str>, Entry>>>);

struct Entry {
    meta: Arc<Meta>,
    family: Arc<dyn AnyFamily>,
    /// The same family, for its type to be found again.
    any: Arc<dyn Any + Send + Sync>,
    /// Series of the registry's own counters, in the order of [`OWN`].
    ids: [u64; OWN.len()],
}

/// The registry's own counters: name, help, and what each reads.
type Own = (&'static str, &'static str, fn(&Mishaps) -> u64);

const OWN: [Own; 4] = [
    ("kit_metrics_callback_panics_total", "Functions that panicked when a snapshot read them", |m| m.panics),
    ("kit_metrics_label_values_replaced_total", "Label values that had to be made safe or cut", |m| m.replaced),
    ("kit_metrics_series_overflow_total", "Label sets past the limit, counted as other", |m| m.overflow),
    ("kit_metrics_values_refused_total", "Observations that were negative or not finite", |m| m.refused),
];

trait AnyFamily: Send + Sync {
    fn read(&self) -> FamilySnapshot;
    fn mishaps(&self) -> Mishaps;
}

impl<I: Instrument> AnyFamily for Core<I> {
    fn read(&self) -> FamilySnapshot {
        self.read()
    }

    fn mishaps(&self) -> Mishaps {
        self.mishaps()
    }
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// A counter; its name ends in `_total`.
    pub fn counter(&self, name: &str, help: &str) -> Register<'_, Counter> {
        Register::new(self, name, help)
    }

    /// A gauge.
    pub fn gauge(&self, name: &str, help: &str) -> Register<'_, Gauge> {
        Register::new(self, name, help)
    }

    /// A histogram of durations; its name ends in `_seconds`.
    pub fn histogram(&self, name: &str, help: &str) -> Register<'_, Histogram> {
        Register::new(self, name, help)
    }

    /// A histogram of [`Bytes`](crate::Bytes), whose name ends in `_bytes`, or of [`Number`](crate::Number)s.
    pub fn histogram_of<U: Measure>(&self, name: &str, help: &str) -> Register<'_, Histogram<U>> {
        Register::new(self, name, help)
    }

    /// A summary of durations; its name ends in `_seconds`.
    pub fn summary(&self, name: &str, help: &str) -> Register<'_, Summary> {
        Register::new(self, name, help)
    }

    /// A summary of [`Bytes`](crate::Bytes), or of [`Milliseconds`](crate::Milliseconds) for a metric that must keep
    /// an old name, which then ends in `_ms` or `_milliseconds`.
    pub fn summary_of<U: Stepped>(&self, name: &str, help: &str) -> Register<'_, Summary<U>> {
        Register::new(self, name, help)
    }

    /// A counter without labels whose value is read from a function at each snapshot: for a count kept elsewhere.
    /// The function must be quick, wait for nothing, and never fall.
    ///
    /// # Errors
    /// As [`Register::unlabelled`]; also when the counter is registered already.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let registry = kit_metrics::Registry::new();
    /// let dropped = Arc::new(AtomicU32::new(0));
    /// let count = Arc::clone(&dropped);
    /// registry.counter_fn("log_lines_dropped_total", "Log lines dropped", move || {
    ///     f64::from(count.load(Ordering::Relaxed))
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn counter_fn(
        &self,
        name: &str,
        help: &str,
        f: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        Ok(self.counter(name, help).labels([])?.with_fn::<&str, 0>([], f)?)
    }

    /// A gauge without labels whose value is read from a function at each snapshot: for a state kept elsewhere. The
    /// function must be quick and wait for nothing.
    ///
    /// # Errors
    /// As [`Register::unlabelled`]; also when the gauge is registered already.
    pub fn gauge_fn(
        &self,
        name: &str,
        help: &str,
        f: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        Ok(self.gauge(name, help).labels([])?.with_fn::<&str, 0>([], f)?)
    }

    /// A gauge that is always 1 and says something in its labels, such as which build runs; its name ends in `_info`
    /// by custom. The same labels again change nothing.
    ///
    /// # Errors
    /// As [`Register::labels`].
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = kit_metrics::Registry::new();
    /// registry.info("strings_build_info", "What runs", [("version", "1.4.2"), ("revision", "cafe12")])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn info<const N: usize>(&self, name: &str, help: &str, labels: [(&str, &str); N]) -> Result<(), RegisterError> {
        let family = self.gauge(name, help).labels(labels.map(|(label, _)| label))?;
        family.with(labels.map(|(_, value)| value))?.set(1.0);
        Ok(())
    }

    /// The values of every series now. Waits for no writer.
    pub fn snapshot(&self) -> Snapshot {
        let entries: Vec<_> = {
            let families = self.families();
            families.values().map(|entry| (Arc::clone(&entry.meta), Arc::clone(&entry.family), entry.ids)).collect()
        };
        // Read outside the lock: a function of the user's may register something.
        let mut families: Vec<_> = entries.iter().map(|(_, family, _)| family.read()).collect();
        let labels: Arc<[Box<str>]> = Arc::new(["family".into()]);
        for (at, (name, help, read)) in OWN.iter().enumerate() {
            let series: Vec<_> = entries
                .iter()
                .filter_map(|(meta, family, ids)| match read(&family.mishaps()) {
                    0 => None,
                    n => {
                        let values = Arc::new([Box::from(&*meta.name)]);
                        Some(SeriesSnapshot::new(ids[at], values, Value::Counter(n as f64)))
                    }
                })
                .collect();
            if !series.is_empty() {
                let labels = Arc::clone(&labels);
                let family =
                    FamilySnapshot::new((*name).into(), (*help).into(), Kind::Counter, Unit::None, labels, series);
                families.push(family);
            }
        }
        Snapshot::new(families)
    }

    /// The family of this shape, made when its name is new.
    pub(crate) fn enter<I: Instrument>(&self, meta: Meta) -> Result<Arc<Core<I>>, RegisterError> {
        let conflict = |meta: &Meta, what| RegisterError::Conflict { name: meta.name.to_string(), what };
        if OWN.iter().any(|(name, ..)| **name == *meta.name) {
            return Err(conflict(&meta, "owner, the registry itself"));
        }
        let mut families = self.families();
        if let Some(entry) = families.get(&meta.name) {
            if let Some(what) = entry.meta.difference(&meta) {
                return Err(conflict(&meta, what));
            }
            return Arc::clone(&entry.any).downcast().map_err(|_| conflict(&meta, "type"));
        }
        let core = Arc::new(Core::<I>::new(meta));
        let entry = Entry {
            meta: Arc::clone(&core.meta),
            family: Arc::clone(&core) as Arc<dyn AnyFamily>,
            any: Arc::clone(&core) as Arc<dyn Any + Send + Sync>,
            ids: std::array::from_fn(|_| next_id()),
        };
        families.insert(Arc::clone(&core.meta.name), entry);
        Ok(core)
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Entry>> {
        // An entry is inserted in one step, so a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.families().keys().collect::<Vec<_>>()).finish()
    }
}
