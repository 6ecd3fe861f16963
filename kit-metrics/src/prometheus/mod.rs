//! What Prometheus scrapes: the text of a registry, or a collector for a registry of the crate `prometheus`.
//!
//! Instruments hold their own state, so nothing is counted twice or kept in step: a scrape reads a
//! [`Snapshot`] and writes it with the crate's own encoder. Counters, gauges and histograms look as Prometheus'
//! own clients write them; a [`Summary`](crate::Summary) has its quantiles, `_sum` and `_count`. Names pass
//! `promtool check metrics`, because the registry takes no others; only a summary in
//! [`Milliseconds`](crate::Milliseconds) keeps an old name that promtool remarks on.
//!
//! A family without series is left out, as the encoder demands.
//!
//! # Examples
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = kit_metrics::Registry::new();
//! registry.counter("jobs_total", "Jobs done").labels(["kind"])?.with(["mail"])?.add(2);
//! assert_eq!(
//!     kit_metrics::prometheus::text(&registry),
//!     "# HELP jobs_total Jobs done\n# TYPE jobs_total counter\njobs_total{kind=\"mail\"} 2\n"
//! );
//! # Ok(())
//! # }
//! ```

mod collector;
mod convert;

pub use collector::RegistryCollector;
pub use convert::gather;

use ::prometheus::TextEncoder;

use crate::registry::Registry;
use crate::snapshot::Snapshot;

/// The content type of [`text`], for the answer to a scrape.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The answer to a scrape of this registry.
pub fn text(registry: &Registry) -> String {
    encode(&registry.snapshot())
}

/// A snapshot in Prometheus' text format.
pub fn encode(snapshot: &Snapshot) -> String {
    TextEncoder::new().encode_to_string(&gather(snapshot)).expect("a string takes any text, and no family is empty")
}
