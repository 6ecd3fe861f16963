use kit_circuit::breaker::throttle;
use kit_circuit::budget::Budget;
use kit_circuit::timeout::DeadlineHandle;
use kit_circuit::{breaker, bulkhead, chaos, fallback, hedge};
use kit_core::{Error, Gate, GateState};
use kit_metrics::{RegisterError, Registry};
use tokio::time::Instant;

/// A metric, what it says, and where it is read.
type Read<H> = (&'static str, &'static str, fn(&H) -> f64);

/// Shows in `metrics` how a breaker stands, under the name of its client: whether it refuses calls now (`kit_breaker_open`, 1 or 0), and
/// how many it has refused (`kit_breaker_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another breaker of this name.
///
/// # Examples
/// ```
/// use kit::client::{Stack, slot};
/// use kit::Method;
///
/// static GET: Method = Method::new("profiles", "get").idempotent();
///
/// let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
/// let profiles = Stack::new(&GET, &log, &metrics)?;
/// kit::observe::breaker(&metrics, "profiles", &profiles.get(slot::Breaker).handle())?;
/// assert_eq!(metrics.snapshot().value("kit_breaker_open", &[("client", "profiles")]), Some(0.0));
/// # Ok::<(), kit::Error>(())
/// ```
pub fn breaker(metrics: &Registry, client: &str, breaker: &breaker::Handle) -> Result<(), Error> {
    let counters: [Read<breaker::Handle>; 1] =
        [("kit_breaker_refused_total", "Calls that a breaker turned away", |breaker| breaker.stats().refused as f64)];
    let gauges: [Read<breaker::Handle>; 1] = [("kit_breaker_open", "Whether a breaker turns calls away", |breaker| {
        f64::from(u8::from(matches!(Gate::state(breaker, Instant::now()), GateState::Refused { .. })))
    })];
    show(metrics, client, breaker, &counters, &gauges)
}

/// Shows in `metrics` how many calls a throttle has turned away, under the name of its client (`kit_throttle_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows another throttle of this name.
pub fn throttle(metrics: &Registry, client: &str, throttle: &throttle::Handle) -> Result<(), Error> {
    let counters: [Read<throttle::Handle>; 1] =
        [("kit_throttle_refused_total", "Calls that a throttle turned away", |throttle| {
            throttle.stats().refused as f64
        })];
    show(metrics, client, throttle, &counters, &[])
}

/// Shows in `metrics` how many calls came too late to be begun, under the name of their client (`kit_deadline_refused_total`). Those that
/// ran out of time are the RED layer's, by outcome.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows another layer of this name.
pub fn deadlines(metrics: &Registry, client: &str, deadline: &DeadlineHandle) -> Result<(), Error> {
    let counters: [Read<DeadlineHandle>; 1] =
        [("kit_deadline_refused_total", "Calls whose deadline had passed before they began", |deadline| {
            deadline.stats().refused as f64
        })];
    show(metrics, client, deadline, &counters, &[])
}

/// Shows in `metrics` what a bulkhead holds, under the name of its client: calls that run and wait (`kit_bulkhead_running`,
/// `kit_bulkhead_waiting`), and those it refused (`kit_bulkhead_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another bulkhead of this name.
pub fn bulkhead(metrics: &Registry, client: &str, bulkhead: &bulkhead::Handle) -> Result<(), Error> {
    let counters: [Read<bulkhead::Handle>; 1] =
        [("kit_bulkhead_refused_total", "Calls for which a bulkhead had no place", |bulkhead| {
            bulkhead.stats().calls.refused as f64
        })];
    let gauges: [Read<bulkhead::Handle>; 2] = [
        ("kit_bulkhead_running", "Places of a bulkhead that are taken", |bulkhead| bulkhead.stats().taken as f64),
        ("kit_bulkhead_waiting", "Calls that wait for a place", |bulkhead| bulkhead.stats().waiting as f64),
    ];
    show(metrics, client, bulkhead, &counters, &gauges)
}

/// Shows in `metrics` what a hedge does, under the name of its client: attempts besides the first (`kit_client_hedges_total`), those that
/// were answered first (`kit_client_hedges_won_total`), and those that a budget did not allow (`kit_client_hedges_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another hedge of this name.
pub fn hedges(metrics: &Registry, client: &str, hedge: &hedge::Handle) -> Result<(), Error> {
    let counters: [Read<hedge::Handle>; 3] = [
        ("kit_client_hedges_total", "Attempts sent because the first was slow", |hedge| hedge.stats().sent as f64),
        ("kit_client_hedges_won_total", "Such attempts that were answered first", |hedge| hedge.stats().won as f64),
        ("kit_client_hedges_refused_total", "Such attempts that a budget did not allow", |hedge| {
            hedge.stats().spent as f64
        }),
    ];
    show(metrics, client, hedge, &counters, &[])
}

/// Shows in `metrics` what a fallback answers, under the name of its client: its uses (`kit_client_fallbacks_total`), and those that
/// failed too (`kit_client_fallbacks_failed_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another fallback of this name.
pub fn fallbacks(metrics: &Registry, client: &str, fallback: &fallback::Handle) -> Result<(), Error> {
    let counters: [Read<fallback::Handle>; 2] = [
        ("kit_client_fallbacks_total", "Failures that a fallback was asked about", |fallback| {
            fallback.stats().fallbacks.admitted as f64
        }),
        ("kit_client_fallbacks_failed_total", "Fallbacks that failed too", |fallback| {
            fallback.stats().fallbacks.failed as f64
        }),
    ];
    show(metrics, client, fallback, &counters, &[])
}

/// Shows in `metrics` how a budget of repeats stands, under the name of its client: what is left now (`kit_client_budget_left`), and
/// repeats that it allowed and did not (`kit_client_budget_granted_total`, `kit_client_budget_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another budget of this name.
pub fn budget(metrics: &Registry, client: &str, budget: &Budget) -> Result<(), Error> {
    let counters: [Read<Budget>; 2] = [
        ("kit_client_budget_granted_total", "Repeats that a budget allowed", |budget| {
            budget.stats(Instant::now()).granted as f64
        }),
        ("kit_client_budget_refused_total", "Repeats for which a budget had nothing left", |budget| {
            budget.stats(Instant::now()).refused as f64
        }),
    ];
    let gauges: [Read<Budget>; 1] = [("kit_client_budget_left", "Repeats that a budget would allow now", |budget| {
        budget.stats(Instant::now()).left as f64
    })];
    show(metrics, client, budget, &counters, &gauges)
}

/// Shows in `metrics` what is broken on purpose, under the name of its client: all faults (`kit_chaos_faults_total`), and whether they
/// are on (`kit_chaos_on`), so that nobody looks elsewhere for the cause.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows other faults of this name.
pub fn chaos(metrics: &Registry, client: &str, chaos: &chaos::Handle) -> Result<(), Error> {
    let counters: [Read<chaos::Handle>; 1] =
        [("kit_chaos_faults_total", "Calls that met a fault on purpose", |chaos| {
            let stats = chaos.stats();
            (stats.latencies + stats.errors + stats.hangs + stats.panics) as f64
        })];
    let gauges: [Read<chaos::Handle>; 1] =
        [("kit_chaos_on", "Whether faults are made on purpose", |chaos| f64::from(u8::from(chaos.is_on())))];
    show(metrics, client, chaos, &counters, &gauges)
}

fn show<H: Clone + Send + Sync + 'static>(
    metrics: &Registry,
    client: &str,
    handle: &H,
    counters: &[Read<H>],
    gauges: &[Read<H>],
) -> Result<(), Error> {
    let of = |read: fn(&H) -> f64| {
        let handle = handle.clone();
        move || read(&handle)
    };
    let shown = (|| {
        for (name, help, read) in counters {
            metrics.counter(name, help).labels(["client"])?.with_fn([client], of(*read))?;
        }
        for (name, help, read) in gauges {
            metrics.gauge(name, help).labels(["client"])?.with_fn([client], of(*read))?;
        }
        Ok::<_, RegisterError>(())
    })();
    shown.map_err(super::taken)
}
