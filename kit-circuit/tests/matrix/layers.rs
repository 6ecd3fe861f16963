//! The layers, and how each is read.

use std::time::Duration;

use kit_circuit::Counts;
use kit_circuit::breaker::{self, BreakerLayer, OpenTime};
use kit_circuit::bulkhead::{self, BulkheadLayer};
use kit_circuit::cache::{self, CacheLayer};
use kit_circuit::fallback::{Failure, FallbackLayer};
use kit_circuit::hedge::{self, Delay, HedgeLayer};
use kit_circuit::retry::RetryLayer;
use kit_circuit::single_flight::SingleFlightLayer;
use kit_circuit::timeout::TimeoutLayer;
use kit_core::{BoxEndpoint, Context, Endpoint as _, request_fn};

type Erased = BoxEndpoint<u32, u32>;
type Read = Box<dyn Fn() -> Reading>;

/// A layer of the matrix.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Puts a new one round an endpoint.
    pub(crate) wrap: fn(Erased) -> (Erased, Read),
}

/// What a layer says of itself.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Every count it keeps, by name.
    pub(crate) counts: Vec<(&'static str, Counts)>,
    /// Permits, flights, refreshes that have not been given back.
    pub(crate) held: usize,
    /// Calls that came to it.
    pub(crate) offered: u64,
    /// Calls that it made inwards.
    pub(crate) made: u64,
    /// Good answers that it gave.
    pub(crate) answered: u64,
}

/// What most layers say: all that came and was admitted went on, and what came back was the answer.
fn plain(calls: Counts) -> Reading {
    Reading {
        counts: vec![("calls", calls)],
        held: 0,
        offered: calls.offered(),
        made: calls.admitted,
        answered: calls.ok,
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// One row each; every one with settings that make it act within a dozen calls.
pub(crate) const LAYERS: &[Row] = &[
    Row {
        name: "breaker",
        wrap: |inner| {
            let second = OpenTime::fixed(Duration::from_secs(1));
            // A probe's place that is not given back is missed for an hour.
            let half_open = breaker::HalfOpen { stay: HOUR, ..Default::default() };
            let config = breaker::Config { consecutive: Some(3), open: second, half_open, ..Default::default() };
            let layer = BreakerLayer::new(config).expect("in range");
            let handle = layer.handle();
            (inner.layer(layer).boxed(), Box::new(move || plain(handle.stats())))
        },
    },
    Row {
        name: "retry",
        wrap: |inner| {
            let layer = RetryLayer::default();
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                let plain = plain(stats.calls);
                Reading { made: plain.made + stats.repeats, ..plain }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
    Row {
        name: "hedge",
        wrap: |inner| {
            let delay = Delay::Fixed(Duration::from_millis(5));
            let config = hedge::Config { delay, ratio: 1.0, per_second: 100, ..Default::default() };
            let layer = HedgeLayer::new(config).expect("in range");
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                let plain = plain(stats.calls);
                Reading { made: plain.made + stats.sent, ..plain }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
    Row {
        name: "timeout",
        wrap: |inner| {
            let layer = TimeoutLayer::new(Duration::from_millis(200)).expect("more than zero");
            let handle = layer.handle();
            (inner.layer(layer).boxed(), Box::new(move || plain(handle.stats())))
        },
    },
    Row {
        name: "bulkhead",
        wrap: |inner| {
            let config = bulkhead::Config { max: 2, queue: 1, max_wait: Some(Duration::from_millis(50)) };
            let layer = BulkheadLayer::new(config).expect("in range");
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                Reading { held: stats.taken + stats.waiting, ..plain(stats.calls) }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
    Row {
        name: "fallback",
        wrap: |inner| {
            let layer = FallbackLayer::new(Default::default(), request_fn(async |_: Failure<u32>| Ok(0)));
            let layer = layer.expect("in range");
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                let plain = plain(stats.calls);
                let answered = plain.answered + stats.fallbacks.ok;
                Reading { counts: vec![("calls", stats.calls), ("fallbacks", stats.fallbacks)], answered, ..plain }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
    Row {
        name: "single flight",
        wrap: |inner| {
            let layer = SingleFlightLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id));
            let layer = layer.expect("in range");
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                Reading {
                    counts: vec![("calls", stats.calls), ("flights", stats.flights)],
                    held: stats.under_way,
                    made: stats.flights.admitted,
                    ..plain(stats.calls)
                }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
    Row {
        name: "cache",
        wrap: |inner| {
            let config = cache::Config {
                ttl: Duration::from_millis(500),
                stale_while_refresh: Some(Duration::from_millis(1_500)),
                stale_on_error: Some(Duration::from_secs(10)),
                ..Default::default()
            };
            let layer = CacheLayer::new(config, |_: &Context, id: &u32| Some(*id)).expect("in range");
            let handle = layer.handle();
            let read = move || {
                let stats = handle.stats();
                Reading {
                    counts: vec![("calls", stats.calls), ("refreshes", stats.refreshes)],
                    held: stats.refreshing,
                    offered: stats.lookups() + stats.bypassed,
                    made: stats.calls.admitted + stats.refreshes.admitted,
                    answered: stats.fresh + stats.stale + stats.rescued + stats.calls.ok,
                }
            };
            (inner.layer(layer).boxed(), Box::new(read))
        },
    },
];
