//! Lines for a StatsD or DogStatsD daemon, over any sink of the crate `cadence`.
//!
//! Instruments are atomics and know nothing of StatsD: this backend reads a snapshot at each flush and sends what has
//! changed since the last, so a counter costs its caller the same as without, and a busy second makes no more
//! lines than a quiet one. A [`Reporter`](crate::Reporter) flushes it at an interval and at shutdown.
//!
//! | instrument | lines |
//! |---|---|
//! | counter | `name:5\|c`, what was added since the last flush; nothing if nothing was |
//! | gauge | `name:5\|g` at every flush, so that a daemon that restarts knows it again |
//! | histogram | `name.count:5\|c`, `name.sum:1.25\|c` since the last flush; `name.p50`, `.p90`, `.p99` of those as gauges |
//! | histogram, as [`Observations::Timings`] | `name:12.5\|ms` for each observation, at its place in its bucket |
//! | summary | `name.count`, `name.sum` as a histogram; a gauge for each of its quantiles |
//!
//! A plain daemon takes `name:-5|g` for a decrement, so a negative gauge is sent as `name:0|g` and `name:-5|g` in one
//! datagram; DogStatsD takes it as it stands. NaN and the infinities are not sent.
//!
//! **Names.** Plain StatsD has no tags: label values follow the name, `calls_total.GET.200`. With
//! [`Tags::Datadog`] they are tags, `calls_total:1|c|#method:GET,status:200`. Whatever is not a letter, a digit, `_` or
//! `-` (or, in a tag, `.` or `/`) becomes `_`, so `:`, `|`, `@`, `#` and line ends forge nothing; two label values
//! that differ only in those are one series to the daemon: its counters add up, the last of its gauges shows.
//!
//! **Loss.** Lines are packed into datagrams of 1,432 bytes, whole lines only. They go out in bursts of sixteen, a millisecond apart,
//! so that a large flush does not overrun the daemon's buffer, and takes half a second longer at most. What a sink refuses is not lost: the
//! difference is sent with the next flush, and the flush that failed ends there, so that a dead daemon costs one
//! attempt. What a sink takes and the network loses is lost, as ever with UDP. The sink is opened when first needed and
//! again after a failure, so a daemon that is down, or cannot be resolved, at the start is found when it comes. Memory
//! is one entry a series.
//!
//! Counters in the registry: `kit_metrics_statsd_lines_total`, `kit_metrics_statsd_datagrams_total`, and
//! `kit_metrics_statsd_lines_dropped_total` by `reason`: `send` (the sink refused; sent again where it can be),
//! `not_finite`, `too_long` (longer than a datagram).
//!
//! # Examples
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kit_metrics::statsd::Statsd;
//! use kit_metrics::{INTERVAL, Registry, Reporter};
//!
//! let registry = Registry::new();
//! let statsd = Statsd::udp("127.0.0.1:8125").prefix("shop").build(&registry)?;
//! let reporter = Reporter::start(&registry, INTERVAL, statsd)?;
//!
//! registry.counter("orders_total", "Orders").unlabelled()?.inc();
//! drop(reporter); // sends `shop.orders_total:1|c`
//! # Ok(())
//! # }
//! ```
//!
//! # Source
//! The line format: `statsd/statsd`, docs/metric_types.md; DataDog's DogStatsD datagram format, v1.0. Packing instead of
//! a datagram a line: reddit/baseplate.go, issue 295. Gauges that survive a flush: Go kit, issue 578.

mod config;
mod lines;
mod memory;
mod pack;
mod sink;

use std::io;

use crate::backend::Backend;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::registry::Registry;
use crate::snapshot::Snapshot;
use crate::statsd::lines::Writer;
use crate::statsd::memory::Memory;
use crate::statsd::pack::{Dropped, Packer};
use crate::statsd::sink::Target;

pub use config::{Observations, StatsdBuilder, StatsdError, Tags};

/// Default bytes of a datagram: what an Ethernet frame carries over IPv6 and UDP, some tunnelling allowed for.
pub const DATAGRAM: usize = 1432;

/// Sends snapshots to a daemon; see the [module](self).
#[derive(Debug)]
pub struct Statsd {
    writer: Writer,
    memory: Memory,
    target: Target,
    datagram: usize,
    counts: Counts,
}

/// The backend's own counters.
#[derive(Debug)]
struct Counts {
    lines: Counter,
    datagrams: Counter,
    unsent: Counter,
    not_finite: Counter,
    too_long: Counter,
}

impl Statsd {
    /// Sends over UDP to `host:port`, resolved when first needed, after failures, and every thirty flushes.
    pub fn udp(address: impl Into<String>) -> StatsdBuilder {
        StatsdBuilder::new(Target::udp(address.into()))
    }

    /// Sends to a Unix datagram socket, such as the one of a Datadog agent.
    #[cfg(unix)]
    pub fn unix(path: impl Into<std::path::PathBuf>) -> StatsdBuilder {
        StatsdBuilder::new(Target::unix(path.into()))
    }

    /// Sends over a sink of cadence's, which is handed whole datagrams and should not buffer; made anew by `open`
    /// when first needed and after a failure.
    pub fn sink<S>(mut open: impl FnMut() -> io::Result<S> + Send + 'static) -> StatsdBuilder
    where
        S: cadence::MetricSink + Send + 'static,
    {
        StatsdBuilder::new(Target::new(move || Ok(Box::new(open()?))))
    }
}

impl Backend for Statsd {
    fn name(&self) -> &'static str {
        "statsd"
    }

    fn export(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let sink = self.target.open()?;
        // On the thread of a reporter: nobody waits for it.
        let mut packer = Packer::new(self.datagram, std::thread::park_timeout);
        let mut result = Ok(());
        'all: for family in snapshot.families() {
            for series in family.series() {
                for group in self.writer.groups(family, series, self.memory.of(series.id()), &self.counts.not_finite) {
                    match packer.push(group, sink, &mut self.memory) {
                        Ok(()) => {}
                        Err(Dropped::TooLong(lines)) => self.counts.too_long.add(lines),
                        Err(Dropped::Refused(error)) => {
                            result = Err(error);
                            break 'all;
                        }
                    }
                }
            }
        }
        if result.is_ok() {
            result = packer.finish(sink, &mut self.memory);
        }
        self.counts.lines.add(packer.lines);
        self.counts.datagrams.add(packer.datagrams);
        self.counts.unsent.add(packer.refused);
        match result {
            Ok(()) => self.memory.forget_all_but(snapshot),
            Err(_) => self.target.close(),
        }
        result
    }
}

impl Counts {
    fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let counter = |name, help| registry.counter(name, help).unlabelled();
        let dropped = registry
            .counter("kit_metrics_statsd_lines_dropped_total", "Lines that were not sent, or not when they should")
            .labels(["reason"])?;
        Ok(Self {
            lines: counter("kit_metrics_statsd_lines_total", "Lines that the sink took")?,
            datagrams: counter("kit_metrics_statsd_datagrams_total", "Datagrams that the sink took")?,
            unsent: dropped.with(["send"])?,
            not_finite: dropped.with(["not_finite"])?,
            too_long: dropped.with(["too_long"])?,
        })
    }
}
