//! Counters, gauges and histograms as handles, and the backends that read them.

pub mod buckets;
mod counter;
mod error;
mod gauge;
mod histogram;
mod labels;
mod name;
mod registry;
mod shard;
pub mod snapshot;
pub mod summary;
mod timer;
mod unit;

pub use counter::Counter;
pub use error::{LabelError, NameProblem, RegisterError};
pub use gauge::{Gauge, Tracked};
pub use histogram::Histogram;
pub use labels::{MAX_VALUE, OTHER};
pub use name::MAX_LABELS;
pub use registry::{
    CounterFamily, Family, GaugeFamily, HistogramFamily, Instrument, Register, Registry, SummaryFamily,
};
pub use snapshot::Snapshot;
pub use summary::Summary;
pub use timer::Timer;
pub use unit::{Bytes, Measure, Milliseconds, Number, Seconds, Stepped, Unit};
