//! Layers that answer with what was answered before: memory, a flight of several, the answer to an earlier message.

use std::hash::Hash;

#[cfg(feature = "cache")]
use kit_circuit::cache;
use kit_circuit::idempotency;
use kit_circuit::single_flight::{self, batch};
use kit_core::Error;
use kit_metrics::{RegisterError, Registry};

use super::circuit::{Read, show};

/// The value of a label, and the count of its series.
type Of<S> = (&'static str, fn(S) -> u64);

/// Shows in `metrics` what becomes of look-ups, under the name of their cache (`kit_cache_lookups_total`, by `result`: `fresh`,
/// `negative`, `stale`, `missed`); misses whose call failed and that were answered with an old answer (`kit_cache_rescued_total`),
/// requests without a key (`kit_cache_bypassed_total`), answers not kept because their key was removed meanwhile
/// (`kit_cache_outrun_total`), answers that had to make room (`kit_cache_evicted_total`), refreshes and those that failed
/// (`kit_cache_refreshes_total`, `kit_cache_refreshes_failed_total`); and what it holds (`kit_cache_entries`). Feature `cache`.
///
/// The registry keeps the handle, and with it the cache.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another cache of this name.
///
/// # Examples
/// ```
/// use kit::Context;
/// use kit::circuit::cache::CacheLayer;
///
/// let metrics = kit::metrics::Registry::new();
/// let layer = CacheLayer::<u32, u32, String, _>::new(Default::default(), |_: &Context, id: &u32| Some(*id))?;
/// kit::observe::cache(&metrics, "profiles", &layer.handle())?;
/// assert_eq!(metrics.snapshot().value("kit_cache_entries", &[("cache", "profiles")]), Some(0.0));
/// # Ok::<(), kit::Error>(())
/// ```
#[cfg(feature = "cache")]
pub fn cache<K, R>(metrics: &Registry, name: &str, cache: &cache::Handle<K, R>) -> Result<(), Error>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    let results: [Of<cache::Stats>; 4] = [
        ("fresh", |stats| stats.fresh),
        ("negative", |stats| stats.negative),
        ("stale", |stats| stats.stale),
        ("missed", |stats| stats.missed),
    ];
    let lookups = (|| {
        let family = metrics.counter("kit_cache_lookups_total", "Look-ups in a cache").labels(["cache", "result"])?;
        for (result, read) in results {
            let cache = cache.clone();
            family.with_fn([name, result], move || read(cache.stats()) as f64)?;
        }
        Ok::<_, RegisterError>(())
    })();
    lookups.map_err(super::taken)?;
    let counters: [Read<cache::Handle<K, R>>; 6] = [
        ("kit_cache_rescued_total", "Failed calls that were answered with an old answer", |cache| {
            cache.stats().rescued as f64
        }),
        ("kit_cache_bypassed_total", "Requests without a key", |cache| cache.stats().bypassed as f64),
        ("kit_cache_outrun_total", "Answers not kept, since their key was removed meanwhile", |cache| {
            cache.stats().outrun as f64
        }),
        ("kit_cache_evicted_total", "Answers that had to make room", |cache| cache.stats().evicted as f64),
        ("kit_cache_refreshes_total", "Calls made to refresh an old answer", |cache| {
            cache.stats().refreshes.admitted as f64
        }),
        ("kit_cache_refreshes_failed_total", "Such calls that failed", |cache| cache.stats().refreshes.failed as f64),
    ];
    let gauges: [Read<cache::Handle<K, R>>; 1] =
        [("kit_cache_entries", "Answers that a cache holds", |cache| cache.stats().entries as f64)];
    show(metrics, ("cache", name), cache, &counters, &gauges)
}

/// Shows in `metrics` what single flight does, under a name of its own (`flight`): flights (`kit_flight_led_total`), calls that joined
/// one (`kit_flight_shared_total`), flights that failed, for all who waited (`kit_flight_failed_total`), and those that everybody left
/// (`kit_flight_abandoned_total`); and the keys under way (`kit_flight_under_way`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows other flights of this name.
pub fn flights<K, R>(metrics: &Registry, name: &str, flights: &single_flight::Handle<K, R>) -> Result<(), Error>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    flown(metrics, name, flights, |flights| flights.stats())
}

/// The same of flights of batches, whose calls count once for each key that found its flight under way.
///
/// # Errors
/// As [`flights`].
pub fn batch_flights<K, V>(metrics: &Registry, name: &str, flights: &batch::Handle<K, V>) -> Result<(), Error>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    flown(metrics, name, flights, |flights| flights.stats())
}

fn flown<H>(metrics: &Registry, name: &str, handle: &H, stats: fn(&H) -> single_flight::Stats) -> Result<(), Error>
where
    H: Clone + Send + Sync + 'static,
{
    type Flights<H> = (H, fn(&H) -> single_flight::Stats);

    let counters: [Read<Flights<H>>; 4] = [
        ("kit_flight_led_total", "Calls made for all who ask the same", |(of, stats)| {
            stats(of).flights.admitted as f64
        }),
        ("kit_flight_shared_total", "Calls that joined one under way", |(of, stats)| stats(of).joined as f64),
        ("kit_flight_failed_total", "Calls made for all that failed", |(of, stats)| stats(of).flights.failed as f64),
        ("kit_flight_abandoned_total", "Calls made for all that everybody left", |(of, stats)| {
            stats(of).flights.cancelled as f64
        }),
    ];
    let gauges: [Read<Flights<H>>; 1] =
        [("kit_flight_under_way", "Keys that are being asked for", |(of, stats)| stats(of).under_way as f64)];
    show(metrics, ("flight", name), &(handle.clone(), stats), &counters, &gauges)
}

/// Shows in `metrics` what idempotency keys do, under the name of their operation: runs (`kit_idempotency_runs_total`), messages that
/// got the answer of an earlier one (`kit_idempotency_replayed_total`), refusals (`kit_idempotency_refused_total`, by `why`: `missing`,
/// `reused`), runs of which nobody knows whether they ran (`kit_idempotency_unknown_total`), answers that had to make room before their
/// time (`kit_idempotency_evicted_total`); and the answers it keeps (`kit_idempotency_kept`).
///
/// The registry keeps the handle, and with it the answers.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another operation of this name.
pub fn idempotency<K, R>(metrics: &Registry, operation: &str, keys: &idempotency::Handle<K, R>) -> Result<(), Error>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    let refusals: [Of<idempotency::Stats>; 2] =
        [("missing", |stats| stats.calls.refused), ("reused", |stats| stats.reused)];
    let refused = (|| {
        let family = metrics.counter("kit_idempotency_refused_total", "Messages refused because of their key");
        let family = family.labels(["operation", "why"])?;
        for (why, read) in refusals {
            let keys = keys.clone();
            family.with_fn([operation, why], move || read(keys.stats()) as f64)?;
        }
        Ok::<_, RegisterError>(())
    })();
    refused.map_err(super::taken)?;
    let counters: [Read<idempotency::Handle<K, R>>; 4] = [
        ("kit_idempotency_runs_total", "Runs of messages with a key", |keys| keys.stats().runs.admitted as f64),
        ("kit_idempotency_replayed_total", "Messages that got the answer of an earlier one", |keys| {
            keys.stats().replayed as f64
        }),
        ("kit_idempotency_unknown_total", "Runs that failed, and may have run", |keys| keys.stats().unknown as f64),
        ("kit_idempotency_evicted_total", "Answers that had to make room before their time", |keys| {
            keys.stats().evicted as f64
        }),
    ];
    let gauges: [Read<idempotency::Handle<K, R>>; 1] =
        [("kit_idempotency_kept", "Answers kept for messages that come again", |keys| keys.stats().kept as f64)];
    show(metrics, ("operation", operation), keys, &counters, &gauges)
}
