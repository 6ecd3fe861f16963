//! Counters, gauges and histograms as handles, and the backends that read them.

mod backend;
pub mod buckets;
#[cfg(feature = "testing")]
pub mod contract;
mod counter;
mod error;
mod gauge;
mod histogram;
mod labels;
mod memory;
mod name;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod registry;
mod reporter;
mod shard;
pub mod snapshot;
#[cfg(feature = "statsd")]
pub mod statsd;
pub mod summary;
mod timer;
mod unit;

pub use backend::{Backend, Discard};
pub use counter::Counter;
pub use error::{LabelError, NameProblem, RegisterError};
pub use gauge::{Gauge, Tracked};
pub use histogram::Histogram;
pub use labels::{MAX_VALUE, OTHER};
pub use memory::Memory;
pub use name::MAX_LABELS;
pub use registry::{
    CounterFamily, Family, GaugeFamily, HistogramFamily, Instrument, Register, Registry, SummaryFamily,
};
pub use reporter::{DROP_WAIT, INTERVAL, Reporter};
pub use snapshot::Snapshot;
pub use summary::Summary;
pub use timer::Timer;
pub use unit::{Bytes, Measure, Milliseconds, Number, Seconds, Stepped, Unit};
