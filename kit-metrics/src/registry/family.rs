//! One metric, and its series by label values.

use std::fmt;
use std::sync::Arc;

use crate::counter::Counter;
use crate::error::LabelError;
use crate::gauge::Gauge;
use crate::histogram::Histogram;
use crate::name::MAX_LABELS;
use crate::registry::cell::Cell;
use crate::registry::core::Core;
use crate::registry::table::{Series, Source};
use crate::summary::Summary;
use crate::unit::Seconds;

/// What a [`Family`] can hold: [`Counter`], [`Gauge`], [`Histogram`], [`Summary`]. Sealed.
pub trait Instrument: Cell + fmt::Debug {}

impl<I: Cell + fmt::Debug> Instrument for I {}

/// A counter by labels.
pub type CounterFamily = Family<Counter>;
/// A gauge by labels.
pub type GaugeFamily = Family<Gauge>;
/// A histogram by labels.
pub type HistogramFamily<U = Seconds> = Family<Histogram<U>>;
/// A summary by labels.
pub type SummaryFamily<U = Seconds> = Family<Summary<U>>;

/// One metric, and its series by label values; cheap to clone.
///
/// Resolve a handle once, with [`with`](Self::with), and keep it: the handle costs an atomic addition, resolving a
/// lookup. A label value may hold anything; what could forge a line or steer a terminal is replaced and counted in
/// `kit_metrics_label_values_replaced_total`, and what is longer than [`MAX_VALUE`](crate::MAX_VALUE) is cut.
///
/// The number of label sets is limited: by default to 1,000, for histograms to as many as make 2,000
/// lines of a scrape (117 with the default buckets), for summaries to 50. What comes after that shares one series whose labels all
/// read [`OTHER`](crate::OTHER), and is counted in `kit_metrics_series_overflow_total`. So a stranger who invents
/// label values costs bounded memory and a bounded scrape.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// let requests = registry.counter("http_requests_total", "Requests served").labels(["method", "status"])?;
/// let ok = requests.with(["GET", "200"])?;
/// ok.inc();
/// assert_eq!(requests.with_pairs(&[("status", "200"), ("method", "GET")])?.value(), 1.0);
/// # Ok(())
/// # }
/// ```
pub struct Family<I: Instrument> {
    core: Arc<Core<I>>,
    /// By label: the value that [`preset`](Self::preset) gave it.
    presets: Option<Arc<[Option<Box<str>>]>>,
}

impl<I: Instrument> Family<I> {
    pub(crate) fn new(core: Arc<Core<I>>) -> Self {
        Self { core, presets: None }
    }

    /// The metric's name.
    pub fn name(&self) -> &str {
        &self.core.meta.name
    }

    /// The handle of one label set, made when it is new. Values stand in the order of the labels as registered, those
    /// that are preset left out. `&str`, `String` and bytes will do; bytes need not be UTF-8.
    ///
    /// # Errors
    /// The number of values is not the number of labels, or the series is read from a function.
    pub fn with<V: AsRef<[u8]>, const N: usize>(&self, values: [V; N]) -> Result<I, LabelError> {
        self.using(values, I::clone)
    }

    /// As [`with`](Self::with) for one use, without cloning the handle: for labels known only when a call arrives.
    /// A label set seen before costs a lookup without a lock or an allocation.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = kit_metrics::Registry::new();
    /// let lookups = registry.counter("cache_lookups_total", "Lookups").labels(["result"])?;
    /// lookups.using(["hit"], |lookups| lookups.inc())?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn using<V, T, const N: usize>(&self, values: [V; N], f: impl FnOnce(&I) -> T) -> Result<T, LabelError>
    where
        V: AsRef<[u8]>,
    {
        let values = values.each_ref().map(AsRef::as_ref);
        self.row(&values, |row| self.core.find(row, |series| self.handle(series).map(f)))?
    }

    /// The handles of several label sets at once, in their order: for labels that are known beforehand, such as the
    /// outcomes of a call, whose handle is then found by an index.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = kit_metrics::Registry::new();
    /// enum Lookup {
    ///     Hit,
    ///     Miss,
    /// }
    ///
    /// let lookups = registry.counter("cache_lookups_total", "Lookups").labels(["result"])?;
    /// let lookups = lookups.with_each([["hit"], ["miss"]])?;
    /// lookups[Lookup::Miss as usize].inc();
    /// # let _ = Lookup::Hit;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_each<V: AsRef<[u8]>, const N: usize, const M: usize>(
        &self,
        sets: [[V; N]; M],
    ) -> Result<[I; M], LabelError> {
        let handles = sets.into_iter().map(|set| self.with(set)).collect::<Result<Vec<I>, _>>()?;
        Ok(handles.try_into().expect("a handle for each set"))
    }

    /// As [`with`](Self::with), by names: any order; of a label given twice the last value counts.
    ///
    /// # Errors
    /// A label is missing, or the family does not take it.
    pub fn with_pairs<V: AsRef<[u8]>>(&self, pairs: &[(&str, V)]) -> Result<I, LabelError> {
        let labels = &self.core.meta.labels;
        let preset = |at: usize| self.presets.as_ref().is_some_and(|presets| presets[at].is_some());
        if let Some((name, _)) =
            pairs.iter().find(|(name, _)| labels.iter().enumerate().all(|(at, label)| **label != **name || preset(at)))
        {
            return Err(LabelError::Unknown { family: self.name().into(), label: (*name).into() });
        }
        let mut values = Vec::with_capacity(labels.len());
        for (_, label) in labels.iter().enumerate().filter(|(at, _)| !preset(*at)) {
            match pairs.iter().rev().find(|(name, _)| **name == **label) {
                Some((_, value)) => values.push(value.as_ref()),
                None => return Err(LabelError::Missing { family: self.name().into(), label: label.clone() }),
            }
        }
        self.row(&values, |row| self.core.find(row, |series| self.handle(series).cloned()))?
    }

    /// The same family with one label fixed; the others are given to [`with`](Self::with). Leaves this one, and every
    /// other made from it, as they were.
    ///
    /// # Errors
    /// The family does not have the label, or it is fixed already.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = kit_metrics::Registry::new();
    /// let calls = registry.counter("rpc_calls_total", "Calls").labels(["service", "method"])?;
    /// let strings = calls.preset("service", "strings")?;
    /// strings.with(["uppercase"])?.inc();
    /// assert_eq!(calls.with(["strings", "uppercase"])?.value(), 1.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn preset(&self, label: &str, value: impl AsRef<[u8]>) -> Result<Self, LabelError> {
        let labels = &self.core.meta.labels;
        let mut presets = match &self.presets {
            Some(presets) => presets.to_vec(),
            None => vec![None; labels.len()],
        };
        match labels.iter().position(|known| **known == *label) {
            Some(at) if presets[at].is_none() => presets[at] = Some(self.core.clean(value.as_ref()).into()),
            _ => return Err(LabelError::Unknown { family: self.name().into(), label: label.into() }),
        }
        Ok(Self { core: Arc::clone(&self.core), presets: Some(presets.into()) })
    }

    /// Forgets one label set, so that scrapes no longer show it and it counts no more towards the limit; answers
    /// whether it was there. For what is gone for good, such as an instance. Handles resolved before go on counting
    /// where nobody reads.
    ///
    /// # Errors
    /// The number of values is not the number of labels.
    pub fn remove<V: AsRef<[u8]>, const N: usize>(&self, values: [V; N]) -> Result<bool, LabelError> {
        let values = values.each_ref().map(AsRef::as_ref);
        self.row(&values, |row| self.core.remove(row))
    }

    fn handle<'a>(&self, series: &'a Series<I>) -> Result<&'a I, LabelError> {
        match &series.source {
            Source::Handle(handle) => Ok(handle),
            Source::Function(_) => Err(LabelError::Taken { family: self.name().into() }),
        }
    }

    /// Calls `f` with the values of all labels, preset ones included.
    #[inline]
    fn row<T>(&self, given: &[&[u8]], f: impl FnOnce(&[&[u8]]) -> T) -> Result<T, LabelError> {
        let labels = self.core.meta.labels.len();
        match &self.presets {
            None if given.len() == labels => Ok(f(given)),
            None => Err(self.miscounted(labels, given.len())),
            Some(presets) => {
                let open = presets.iter().filter(|preset| preset.is_none()).count();
                if given.len() != open {
                    return Err(self.miscounted(open, given.len()));
                }
                let (mut row, mut given) = ([&[][..]; MAX_LABELS], given.iter());
                for (at, preset) in presets.iter().enumerate() {
                    row[at] = match preset {
                        Some(value) => value.as_bytes(),
                        None => given.next().expect("counted above"),
                    };
                }
                Ok(f(&row[..labels]))
            }
        }
    }

    #[cold]
    fn miscounted(&self, expected: usize, given: usize) -> LabelError {
        LabelError::Count { family: self.name().into(), expected, given }
    }

    fn add_function<V: AsRef<[u8]>, const N: usize>(
        &self,
        values: [V; N],
        f: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), LabelError> {
        let values = values.each_ref().map(AsRef::as_ref);
        self.row(&values, |row| self.core.add_function(row, Box::new(f)))?
    }
}

impl CounterFamily {
    /// Adds a label set whose value is read from a function at each snapshot: for a count that is kept elsewhere.
    ///
    /// The function must be quick, wait for nothing, and never fall. One that panics leaves its series out of that
    /// snapshot and is counted in `kit_metrics_callback_panics_total`.
    ///
    /// # Errors
    /// The number of values is not the number of labels, the label set is there already, or the family is full.
    pub fn with_fn<V: AsRef<[u8]>, const N: usize>(
        &self,
        values: [V; N],
        f: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), LabelError> {
        self.add_function(values, f)
    }
}

impl GaugeFamily {
    /// Adds a label set whose value is read from a function at each snapshot: for a state that is kept elsewhere.
    ///
    /// The function must be quick and wait for nothing. One that panics leaves its series out of that snapshot and is
    /// counted in `kit_metrics_callback_panics_total`.
    ///
    /// # Errors
    /// The number of values is not the number of labels, the label set is there already, or the family is full.
    pub fn with_fn<V: AsRef<[u8]>, const N: usize>(
        &self,
        values: [V; N],
        f: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), LabelError> {
        self.add_function(values, f)
    }
}

impl<I: Instrument> Clone for Family<I> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), presets: self.presets.clone() }
    }
}

impl<I: Instrument> fmt::Debug for Family<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name()).field("labels", &self.core.meta.labels).finish()
    }
}
