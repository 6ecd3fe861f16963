use kit_circuit::breaker;
use kit_core::{Error, Observer};
use kit_discovery::ejection;
use kit_discovery::endpointer::{ChannelState, Event, Explanation, InstanceExplanation, InstanceState, News};
use kit_log::Logger;
use kit_metrics::{Counter, RegisterError, Registry};

use crate::client::Picks;

/// A balancer that counts, under the name of its client, its picks (`kit_client_picks_total`), attempts and hedges among them, and the
/// calls that found nobody (`kit_client_no_endpoint_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else.
///
/// # Examples
/// ```
/// use kit::discovery::balance::RoundRobin;
///
/// let metrics = kit::metrics::Registry::new();
/// let balancer = kit::observe::picks(&metrics, "strings", RoundRobin::new())?;
/// # Ok::<(), kit::Error>(())
/// ```
pub fn picks<B>(metrics: &Registry, client: &str, balancer: B) -> Result<Picks<B>, Error> {
    let picked = counter(metrics, client, "kit_client_picks_total", "Instances that a balancer picked")?;
    let nobody = counter(metrics, client, "kit_client_no_endpoint_total", "Calls for which there was no instance")?;
    Ok(Picks::new(balancer, picked, nobody))
}

/// Who counts what becomes of the instances of an endpointer, under the name of its client: channels made and closed
/// (`kit_client_channels_made_total`, `kit_client_channels_closed_total`), calls that were cut since they did not end in the time to
/// drain (`kit_client_calls_cut_total`), ejections, and those that there were not since as many were out as may be
/// (`kit_client_ejections_total`, `kit_client_ejections_spared_total`), and instances that did not pass their checks any more
/// (`kit_client_checks_failed_total`). For [`Builder::observer`](kit_discovery::endpointer::Builder::observer).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else.
pub fn instances(metrics: &Registry, client: &str) -> Result<impl Observer<Event> + Clone + use<>, Error> {
    let counter = |name, help| counter(metrics, client, name, help);
    let made = counter("kit_client_channels_made_total", "Channels to instances that were made")?;
    let closed = counter("kit_client_channels_closed_total", "Channels to instances that were closed")?;
    let cut = counter("kit_client_calls_cut_total", "Calls cut when the time to drain was up")?;
    let ejected = counter("kit_client_ejections_total", "Instances taken out for their failures")?;
    let spared = counter("kit_client_ejections_spared_total", "Instances left in, as many were out as may be")?;
    let failed = counter("kit_client_checks_failed_total", "Instances that did not pass their checks any more")?;
    Ok(move |event: &Event| match &event.news {
        News::Made { .. } => made.inc(),
        News::Closed { cut: calls, .. } => {
            closed.inc();
            cut.add(u64::from(*calls));
        }
        News::FailsChecks { .. } => failed.inc(),
        News::Ejection(ejection::Event::Ejected { .. }) => ejected.inc(),
        News::Ejection(ejection::Event::Spared { .. }) => spared.inc(),
        _ => {}
    })
}

/// Who logs what becomes of the instances of an endpointer: each that comes, goes, is ejected, or fails its checks.
pub fn instances_log(log: &Logger) -> impl Observer<Event> + Clone + use<> {
    let log = log.clone();
    move |event: &Event| {
        let (service, instance) = (&*event.service, &*event.instance);
        match &event.news {
            News::Made { attempts, .. } => kit_log::info!(log, "instance in";
                "service" => service, "instance" => instance, "attempts" => *attempts),
            News::NotMade { error, attempts, .. } => kit_log::warn!(log, "no channel to instance";
                "service" => service, "instance" => instance, "attempts" => *attempts, "cause" => #error),
            News::Left { in_flight, .. } => kit_log::info!(log, "instance gone";
                "service" => service, "instance" => instance, "in_flight" => *in_flight),
            News::Returned => kit_log::info!(log, "instance back"; "service" => service, "instance" => instance),
            News::Closed { cut: 0, late: None, .. } => {
                kit_log::debug!(log, "channel closed"; "service" => service, "instance" => instance);
            }
            News::Closed { cut, late, .. } => kit_log::warn!(log, "channel cut";
                "service" => service, "instance" => instance, "calls" => *cut, "late" => late.is_some()),
            News::FailsChecks { error, .. } => kit_log::warn!(log, "instance fails its checks";
                "service" => service, "instance" => instance, "cause" => #error),
            News::PassesChecks => kit_log::info!(log, "instance passes its checks";
                "service" => service, "instance" => instance),
            News::Ejection(ejection::Event::Ejected { cause, lasting, times, .. }) => {
                kit_log::warn!(log, "instance ejected"; "service" => service, "instance" => instance,
                    "failures" => %failures(*cause), "lasting_ms" => lasting.as_millis(), "times" => *times);
            }
            News::Ejection(ejection::Event::Spared { cause, .. }) => kit_log::warn!(log, "instance not ejected";
                "service" => service, "instance" => instance, "failures" => %failures(*cause),
                "reason" => "as many are out as may be"),
            other => kit_log::info!(log, "instance"; "service" => service, "instance" => instance, "news" => ?other),
        }
    }
}

fn failures(cause: ejection::Cause) -> String {
    match cause {
        ejection::Cause::InARow(failures) => format!("{failures} in a row"),
        ejection::Cause::Ratio { failed, calls, .. } => format!("{failed} of {calls}"),
        other => format!("{other:?}"),
    }
}

/// Shows in `metrics` how many instances stand how, under the name of their client: `kit_client_instances`, by `client` and `state`
/// (`in`, `ramping`, `probing`, `fails_checks`, `ejected`, `refused`, and on their way in and out `making`, `checking`, `draining`, `closing`).
/// `explain` is asked at each scrape; an endpointer that has gone has none.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows another endpointer of this name.
pub fn standings(
    metrics: &Registry,
    client: &str,
    explain: impl Fn() -> Option<Explanation> + Clone + Send + Sync + 'static,
) -> Result<(), Error> {
    let shown = (|| {
        let gauge =
            metrics.gauge("kit_client_instances", "Instances, by how they stand").labels(["client", "state"])?;
        for state in STATES {
            let explain = explain.clone();
            let count = move || {
                let instances = explain().map_or_else(Vec::new, |explanation| explanation.instances);
                instances.iter().filter(|instance| standing(instance) == state).count() as f64
            };
            gauge.with_fn([client, state], count)?;
        }
        Ok::<_, RegisterError>(())
    })();
    shown.map_err(super::taken)
}

const STATES: [&str; 10] =
    ["in", "ramping", "probing", "fails_checks", "ejected", "refused", "making", "checking", "draining", "closing"];

fn standing(instance: &InstanceExplanation) -> &'static str {
    match (&instance.channel, &instance.standing) {
        (ChannelState::Making { .. }, _) => "making",
        (ChannelState::Checking, _) => "checking",
        (ChannelState::Draining { .. }, _) => "draining",
        (ChannelState::Closing, _) => "closing",
        (_, Some(InstanceState::Ramping { .. })) => "ramping",
        (_, Some(InstanceState::Probing)) => "probing",
        (_, Some(InstanceState::FailsChecks { .. })) => "fails_checks",
        (_, Some(InstanceState::Ejected { .. })) => "ejected",
        (_, Some(InstanceState::Refused { .. })) => "refused",
        _ => "in",
    }
}

/// Who counts, under the name of their client, the calls that the breakers of its instances turned away: `kit_breaker_refused_total`.
/// For [`Registry::observe`](breaker::registry::Registry::observe).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows a [breaker](super::breaker()) of this name.
pub fn breakers(metrics: &Registry, client: &str) -> Result<impl Observer<breaker::Event> + Clone + use<>, Error> {
    let refused = counter(metrics, client, "kit_breaker_refused_total", "Calls that a breaker turned away")?;
    Ok(move |event: &breaker::Event| {
        if let breaker::Event::Refused { .. } = event {
            refused.inc();
        }
    })
}

/// Who logs that a breaker has opened, and that it has closed again; not each time that it opens anew.
pub fn breakers_log(log: &Logger, client: &str) -> impl Observer<breaker::Event> + Clone + use<> {
    use breaker::State;

    let (log, client) = (log.clone(), client.to_owned());
    move |event: &breaker::Event| {
        let breaker::Event::Changed { name, from, to, reason, .. } = event else { return };
        let (client, instance) = (client.as_str(), name.as_deref().unwrap_or_default());
        match (from, to) {
            (State::Closed, State::Open) => kit_log::warn!(log, "breaker open"; "client" => client,
                "instance" => instance, "reason" => %reason.map(|reason| reason.to_string()).unwrap_or_default()),
            (_, State::Closed) => {
                kit_log::info!(log, "breaker closed"; "client" => client, "instance" => instance);
            }
            _ => {}
        }
    }
}

fn counter(metrics: &Registry, client: &str, name: &str, help: &str) -> Result<Counter, Error> {
    let registered = (|| Ok::<_, RegisterError>(metrics.counter(name, help).labels(["client"])?.with([client])?))();
    registered.map_err(super::taken)
}
