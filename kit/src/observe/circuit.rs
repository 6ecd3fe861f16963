use kit_circuit::breaker::throttle;
use kit_circuit::budget::Budget;
use kit_circuit::timeout::{DeadlineHandle, TimeoutHandle};
use kit_circuit::{breaker, bulkhead, chaos, fallback, hedge, replicate};
use kit_core::{Error, Gate, GateState};
use kit_metrics::{RegisterError, Registry};
use tokio::time::Instant;

/// A metric, what it says, and where it is read.
pub(super) type Read<H> = (&'static str, &'static str, fn(&H) -> f64);

/// Shows in `metrics` how a breaker stands, under the name of its client: whether it refuses calls now (`kit_breaker_open`, 1 or 0), its
/// state (`kit_breaker_state`, 1 for the one it is in, by `state`), how often it has opened (`kit_breaker_opened_total`) and how many
/// calls it has refused (`kit_breaker_refused_total`).
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
    let counters: [Read<breaker::Handle>; 2] = [
        ("kit_breaker_opened_total", "Times that a breaker opened", |breaker| breaker.opened() as f64),
        ("kit_breaker_refused_total", "Calls that a breaker turned away", |breaker| breaker.stats().refused as f64),
    ];
    let gauges: [Read<breaker::Handle>; 1] = [("kit_breaker_open", "Whether a breaker turns calls away", |breaker| {
        f64::from(u8::from(matches!(Gate::state(breaker, Instant::now()), GateState::Refused { .. })))
    })];
    let states = (|| {
        let family = metrics.gauge("kit_breaker_state", "The state of a breaker").labels(["client", "state"])?;
        for state in breaker::State::ALL {
            let breaker = breaker.clone();
            family.with_fn([client, state.as_str()], move || f64::from(u8::from(breaker.state() == state)))?;
        }
        Ok::<_, RegisterError>(())
    })();
    states.map_err(super::taken)?;
    show(metrics, ("client", client), breaker, &counters, &gauges)
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
    show(metrics, ("client", client), throttle, &counters, &[])
}

/// Shows in `metrics` how many calls came too late to be begun, under the name of their client (`kit_deadline_refused_total`), and how
/// many were given up on (`kit_deadline_elapsed_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows another layer of this name.
pub fn deadlines(metrics: &Registry, client: &str, deadline: &DeadlineHandle) -> Result<(), Error> {
    let counters: [Read<DeadlineHandle>; 2] = [
        ("kit_deadline_refused_total", "Calls whose deadline had passed before they began", |deadline| {
            deadline.stats().refused as f64
        }),
        ("kit_deadline_elapsed_total", "Calls given up on at their deadline", |deadline| deadline.elapsed() as f64),
    ];
    show(metrics, ("client", client), deadline, &counters, &[])
}

/// Shows in `metrics` how many calls took longer than a limit, and were given up on, under the name of their client
/// (`kit_timeout_elapsed_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows another limit of this name.
pub fn timeouts(metrics: &Registry, client: &str, timeout: &TimeoutHandle) -> Result<(), Error> {
    let counters: [Read<TimeoutHandle>; 1] =
        [("kit_timeout_elapsed_total", "Calls given up on at a time limit", |timeout| timeout.elapsed() as f64)];
    show(metrics, ("client", client), timeout, &counters, &[])
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
    show(metrics, ("client", client), bulkhead, &counters, &gauges)
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
    show(metrics, ("client", client), hedge, &counters, &[])
}

/// Shows in `metrics` what a replicating layer does, under the name of its client: copies besides the first of a call
/// (`kit_client_replicas_total`), and calls that went out in fewer, since a budget did not allow more
/// (`kit_client_replicas_refused_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another layer of this name.
pub fn replicas(metrics: &Registry, client: &str, replicate: &replicate::Handle) -> Result<(), Error> {
    let counters: [Read<replicate::Handle>; 2] = [
        ("kit_client_replicas_total", "Copies sent besides the first of a call", |replicate| {
            replicate.stats().sent as f64
        }),
        ("kit_client_replicas_refused_total", "Calls of which a budget allowed fewer copies", |replicate| {
            replicate.stats().spent as f64
        }),
    ];
    show(metrics, ("client", client), replicate, &counters, &[])
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
    show(metrics, ("client", client), fallback, &counters, &[])
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
    show(metrics, ("client", client), budget, &counters, &gauges)
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
    show(metrics, ("client", client), chaos, &counters, &gauges)
}

/// Registers these under one label.
pub(super) fn show<H: Clone + Send + Sync + 'static>(
    metrics: &Registry,
    (label, name): (&str, &str),
    handle: &H,
    counters: &[Read<H>],
    gauges: &[Read<H>],
) -> Result<(), Error> {
    let of = |read: fn(&H) -> f64| {
        let handle = handle.clone();
        move || read(&handle)
    };
    let shown = (|| {
        for (metric, help, read) in counters {
            metrics.counter(metric, help).labels([label])?.with_fn([name], of(*read))?;
        }
        for (metric, help, read) in gauges {
            metrics.gauge(metric, help).labels([label])?.with_fn([name], of(*read))?;
        }
        Ok::<_, RegisterError>(())
    })();
    shown.map_err(super::taken)
}
