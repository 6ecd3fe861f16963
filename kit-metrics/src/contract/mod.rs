//! What every backend must do, as tests that any backend can run.
//!
//! A backend is judged by its far side: what a scraper, a daemon or a reader knows after it. A [`Subject`] is that
//! pair; [`suite`] runs every rule over fresh ones, and each rule is also a function of its own. A rule that is
//! broken panics with what it saw.
//!
//! # Examples
//! ```
//! use kit_metrics::contract::{self, Subject};
//! use kit_metrics::snapshot::{Snapshot, Value};
//!
//! /// The simplest backend there is: it shows the last snapshot itself.
//! #[derive(Default)]
//! struct Last(Snapshot);
//!
//! impl Subject for Last {
//!     fn flush(&mut self, snapshot: &Snapshot) {
//!         self.0 = snapshot.clone();
//!     }
//!
//!     fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
//!         self.0.value(name, labels)
//!     }
//!
//!     fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
//!         match self.0.series(name, labels)?.value() {
//!             Value::Histogram(read) => Some((read.count() as f64, read.sum())),
//!             Value::Summary(read) => Some((read.count() as f64, read.sum())),
//!             _ => None,
//!         }
//!     }
//!
//!     fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
//!         match self.0.series(name, labels)?.value() {
//!             Value::Histogram(read) => read.quantile(q),
//!             Value::Summary(read) => read.values().iter().find(|(told, _)| *told == q).map(|(_, value)| *value),
//!             _ => None,
//!         }
//!     }
//!
//!     fn total(&mut self, name: &str) -> f64 {
//!         let family = self.0.family(name).into_iter();
//!         let values = family.flat_map(|family| family.series()).map(|series| series.value().clone());
//!         values.map(|value| if let Value::Counter(value) = value { value } else { 0.0 }).sum()
//!     }
//!
//!     fn malformed(&mut self) -> Vec<String> {
//!         Vec::new()
//!     }
//! }
//!
//! contract::suite(Last::default);
//! ```
//!
//! # Source
//! Go kit's `metrics/teststat`, a conformance kit for its backends.

mod gauges;
mod labels;
mod quantiles;
mod safety;
mod sums;

pub use gauges::{gauges_survive_flushes, negative_gauges_arrive};
pub use labels::{late_series_arrive, sibling_label_sets_are_independent};
pub use quantiles::{histogram_quantiles_are_within_a_bucket, summary_quantiles_are_within_the_stated_error};
pub use safety::{hostile_values_forge_nothing, numbers_without_a_value_do_no_harm};
pub use sums::{counters_add_up_over_flushes, histogram_sums_are_exact_under_threads, sums_are_exact_under_threads};

use crate::snapshot::Snapshot;

/// A backend, and what its far side knows.
pub trait Subject {
    /// Hands one snapshot to the backend, as its timer would, and lets the far side take in what came of it.
    fn flush(&mut self, snapshot: &Snapshot);

    /// The value of a counter or gauge with these labels: for a counter the total since the start.
    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64>;

    /// Count and sum of a histogram or summary since the start.
    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)>;

    /// A quantile of a histogram or summary as the far side tells it, one of 0.5, 0.9 and 0.99.
    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64>;

    /// The sum over all series of a counter.
    fn total(&mut self, name: &str) -> f64;

    /// What the backend has written that the far side could not understand.
    fn malformed(&mut self) -> Vec<String>;
}

/// Runs every rule, each over a subject of its own.
///
/// # Panics
/// A rule is broken.
pub fn suite<S: Subject>(mut subject: impl FnMut() -> S) {
    sums_are_exact_under_threads(subject());
    counters_add_up_over_flushes(subject());
    histogram_sums_are_exact_under_threads(subject());
    gauges_survive_flushes(subject());
    negative_gauges_arrive(subject());
    histogram_quantiles_are_within_a_bucket(subject());
    summary_quantiles_are_within_the_stated_error(subject());
    sibling_label_sets_are_independent(subject());
    late_series_arrive(subject());
    hostile_values_forge_nothing(subject());
    numbers_without_a_value_do_no_harm(subject());
}

const VALID: &str = "the rule's own names are valid";
