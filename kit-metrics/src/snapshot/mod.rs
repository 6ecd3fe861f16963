//! What backends read: the values of a registry at one time.
//!
//! A snapshot is plain data and reading it changes nothing: a flush resets no instrument, and any number of backends
//! may read one registry. Values of one series are read one after another while threads write them, so the sum of a
//! histogram may be an observation ahead of its count; count and buckets always agree.

use std::sync::Arc;

use crate::unit::Unit;

mod distribution;
pub(crate) mod readings;

pub use distribution::{Distribution, Quantiles};

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Is set, goes up and down.
    Gauge,
    /// Observations in fixed buckets.
    Histogram,
    /// Observations with quantiles over a sliding window.
    Summary,
}

/// The value of one series.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The sum so far.
    Counter(f64),
    /// The value now.
    Gauge(f64),
    /// Counts by bucket so far.
    Histogram(Distribution),
    /// Count and sum so far, quantiles of late.
    Summary(Quantiles),
}

/// The values of a whole registry, families sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    families: Vec<FamilySnapshot>,
}

/// The values of one family, series sorted by label values.
#[derive(Clone, Debug)]
pub struct FamilySnapshot {
    name: Arc<str>,
    help: Arc<str>,
    kind: Kind,
    unit: Unit,
    label_names: Arc<[Box<str>]>,
    series: Vec<SeriesSnapshot>,
}

/// The value of one label set.
#[derive(Clone, Debug)]
pub struct SeriesSnapshot {
    id: u64,
    label_values: Arc<[Box<str>]>,
    value: Value,
}

impl Snapshot {
    pub(crate) fn new(mut families: Vec<FamilySnapshot>) -> Self {
        families.sort_by(|a, b| a.name.cmp(&b.name));
        Self { families }
    }

    /// The families, sorted by name; one without series is there too.
    pub fn families(&self) -> &[FamilySnapshot] {
        &self.families
    }

    /// The family of this name.
    pub fn family(&self, name: &str) -> Option<&FamilySnapshot> {
        let at = self.families.binary_search_by(|family| (*family.name).cmp(name)).ok()?;
        Some(&self.families[at])
    }

    /// The series of this family with exactly these labels, in any order.
    pub fn series(&self, name: &str, labels: &[(&str, &str)]) -> Option<&SeriesSnapshot> {
        let family = self.family(name)?;
        family.series.iter().find(|series| {
            labels.len() == family.label_names.len()
                && family.labels(series).all(|(name, value)| labels.contains(&(name, value)))
        })
    }

    /// The value of a counter or gauge.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        match self.series(name, labels)?.value() {
            Value::Counter(value) | Value::Gauge(value) => Some(*value),
            Value::Histogram(_) | Value::Summary(_) => None,
        }
    }
}

impl FamilySnapshot {
    pub(crate) fn new(
        name: Arc<str>,
        help: Arc<str>,
        kind: Kind,
        unit: Unit,
        label_names: Arc<[Box<str>]>,
        mut series: Vec<SeriesSnapshot>,
    ) -> Self {
        series.sort_by(|a, b| a.label_values.cmp(&b.label_values));
        Self { name, help, kind, unit, label_names, series }
    }

    /// The name, by the rules of [`Registry`](crate::Registry).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it counts, in a sentence.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// What kind of instrument.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the numbers measure.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The names of the labels, in the order registered.
    pub fn label_names(&self) -> &[Box<str>] {
        &self.label_names
    }

    /// The series, sorted by label values.
    pub fn series(&self) -> &[SeriesSnapshot] {
        &self.series
    }

    /// Names and values of the labels of one of this family's series.
    pub fn labels<'a>(&'a self, series: &'a SeriesSnapshot) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.label_names.iter().zip(series.label_values.iter()).map(|(name, value)| (&**name, &**value))
    }
}

impl SeriesSnapshot {
    pub(crate) fn new(id: u64, label_values: Arc<[Box<str>]>, value: Value) -> Self {
        Self { id, label_values, value }
    }

    /// A number that no other series of the process has: what a backend keys its memory of earlier reads by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The label values, in the order of the family's label names; safe to print.
    pub fn label_values(&self) -> &[Box<str>] {
        &self.label_values
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }
}
