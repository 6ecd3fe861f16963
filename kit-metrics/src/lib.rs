//! Counters, gauges and histograms as handles, and the backends that read them.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kit_metrics::{Provider, Registry};
//!
//! let registry = Registry::new();
//! let requests = registry.counter("http_requests_total", "Requests served").labels(["method", "status"])?;
//! let latency = registry.histogram("http_request_duration_seconds", "Time to serve").unlabelled()?;
//!
//! // Once, where the route is made: label sets become handles.
//! let ok = requests.with(["GET", "200"])?;
//!
//! // On every request: atomics, and nothing that can fail.
//! let timer = latency.start_timer();
//! ok.inc();
//! drop(timer);
//!
//! // By a flag: prometheus, expvar, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout, stdout:json, discard.
//! let provider = Provider::open("expvar", &registry)?;
//! let answer = provider.scrape().expect("expvar is scraped");
//! assert!(answer.body.contains("\"http_requests_total\": {\"method=\\\"GET\\\",status=\\\"200\\\"\": 1}"));
//! # Ok(())
//! # }
//! ```
//!
//! # Instruments
//! A [`Counter`] only rises, a [`Gauge`] is set or counts things in and out, a [`Histogram`] counts observations in
//! buckets, a [`Summary`] keeps quantiles of late. Each is a handle that is cheap to clone. What a request does to one
//! takes no lock and allocates nothing, and two threads on one handle write different cache lines. A label set is
//! checked and looked up when it is resolved, [`Family::with`], so nothing can be wrong, or slow, afterwards.
//!
//! Units are in types and names: a [`std::time::Duration`] goes into a histogram named `_seconds`, a number of
//! [`Bytes`] into one named `_bytes`, counters end in `_total`. A name against the convention is an error when the
//! family is registered, so that no scrape is ever malformed.
//!
//! # The registry
//! A [`Registry`] is passed to whoever counts and to whoever reads. Label sets are limited by family, and label values
//! made safe and cut, so a stranger who invents them costs bounded memory and a bounded scrape; what that did is
//! counted. State that is kept elsewhere is read by functions: [`Registry::gauge_fn`], [`Registry::counter_fn`].
//!
//! # Backends
//! Backends are readers: each reads a [`Snapshot`] and resets nothing, so one handle feeds any number of them.
//!
//! | backend | feature | read or pushed |
//! |---|---|---|
//! | `prometheus::text`, or `prometheus::RegistryCollector` in a registry of yours | `prometheus` | read |
//! | [`expvar_json`], for `/debug/vars` | | read |
//! | `statsd::Statsd`, plain and DogStatsD | `statsd` | pushed |
//! | [`stdout::Printer`], a table or JSON lines | | pushed |
//! | [`Memory`], for tests; [`Discard`] | | pushed |
//!
//! What is pushed to is driven by a [`Reporter`]: a plain thread, owned by a guard, that no caller ever waits for.
//! [`Provider`] chooses one by name at run time. The module `contract` (feature `testing`) holds the rules that they
//! pass; a backend of your own implements [`Backend`] and can pass them too.
//!
//! # Differences
//! The crate `prometheus` looks labels up by map on each use and shares one cache line among all threads; `metrics`
//! reaches a global recorder by name. Here a handle is all there is. Go kit's `With` takes pairs of strings at any time,
//! panics on a wrong set, and keeps every observation until a flush; its StatsD gauges forget themselves there.

mod backend;
pub mod buckets;
#[cfg(feature = "testing")]
pub mod contract;
mod counter;
mod error;
pub mod expvar;
mod gauge;
mod histogram;
mod json;
mod labels;
mod memory;
mod name;
pub mod process;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod provider;
#[cfg(feature = "red")]
pub mod red;
mod registry;
mod reporter;
mod shard;
pub mod snapshot;
#[cfg(feature = "statsd")]
pub mod statsd;
pub mod stdout;
pub mod summary;
mod timer;
mod unit;

pub use backend::{Backend, Discard};
pub use counter::Counter;
pub use error::{LabelError, NameProblem, RegisterError};
pub use expvar::json as expvar_json;
pub use gauge::{Gauge, Tracked};
pub use histogram::Histogram;
pub use labels::{MAX_VALUE, OTHER};
pub use memory::Memory;
pub use name::MAX_LABELS;
pub use provider::{Choice, Provider, ProviderError, Scrape};
pub use registry::{
    CounterFamily, Family, GaugeFamily, HistogramFamily, Instrument, Register, Registry, SummaryFamily,
};
pub use reporter::{DROP_WAIT, INTERVAL, Reporter};
pub use snapshot::Snapshot;
pub use summary::Summary;
pub use timer::Timer;
pub use unit::{Bytes, Measure, Milliseconds, Number, Seconds, Stepped, Unit};
