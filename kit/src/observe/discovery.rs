use kit_core::{Error, Observer};
use kit_discovery::registration;
use kit_discovery::{Event, News, Registration, State, Subscription};
use kit_log::Logger;
use kit_metrics::{RegisterError, Registry};
use tokio::time::Instant;

/// A metric, what it says, and where it is read.
type Read = (&'static str, &'static str, fn(&State) -> f64);

const GAUGES: [Read; 4] = [
    ("kit_discovery_instances", "Instances in the set that the source gave last", |state| {
        state.instances().map_or(0, |set| set.len()) as f64
    }),
    ("kit_discovery_age_seconds", "How long the source has been failing; 0 while it works", |state| {
        state.age(Instant::now()).as_secs_f64()
    }),
    ("kit_discovery_empty_seconds", "How long the source has been saying that nobody answers", |state| {
        state.empty_for(Instant::now()).map_or(0.0, |empty| empty.as_secs_f64())
    }),
    ("kit_discovery_skipped", "Entries of the last answer that name no instance", |state| state.skipped_count() as f64),
];

const COUNTERS: [Read; 5] = [
    ("kit_discovery_changes_total", "Sets that differed from the last", |state| state.generation() as f64),
    ("kit_discovery_answers_total", "Answers of the source", |state| state.totals().answers as f64),
    ("kit_discovery_failures_total", "Failures of the source, and answers of which nothing could be read", |state| {
        state.totals().failures as f64
    }),
    ("kit_discovery_empty_answers_total", "Answers that said that nobody answers", |state| state.totals().empty as f64),
    ("kit_discovery_skipped_total", "Entries that were skipped, because they name no instance", |state| {
        state.totals().skipped as f64
    }),
];

/// Shows in `metrics` what is known of a service, by `service`: the size of its set, its age, and what its source did
/// (`kit_discovery_…`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another source of this service
/// already.
///
/// # Examples
/// ```
/// use kit::discovery::{Fixed, Instancer as _};
///
/// let metrics = kit::metrics::Registry::new();
/// let strings = Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80")?;
/// kit::observe::discovery(&metrics, &strings.subscribe())?;
/// let instances = metrics.snapshot().value("kit_discovery_instances", &[("service", "strings")]);
/// assert_eq!(instances, Some(2.0));
/// # Ok::<(), kit::Error>(())
/// ```
pub fn discovery(metrics: &Registry, subscription: &Subscription) -> Result<(), Error> {
    let of = |read: fn(&State) -> f64| {
        let subscription = subscription.clone();
        move || read(&subscription.state())
    };
    let service = [subscription.service()];
    let registered = (|| {
        for (name, help, read) in GAUGES {
            metrics.gauge(name, help).labels(["service"])?.with_fn(service, of(read))?;
        }
        for (name, help, read) in COUNTERS {
            metrics.counter(name, help).labels(["service"])?.with_fn(service, of(read))?;
        }
        Ok::<_, RegisterError>(())
    })();
    registered.map_err(super::taken)
}

/// Shows in `metrics` whether an instance is registered for `service`: `kit_registered`, 1 or 0, by `service` and `instance`.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else, or shows this instance already.
pub fn registered(metrics: &Registry, service: &str, registration: &Registration) -> Result<(), Error> {
    let standing = registration.watch();
    let read = move || f64::from(u8::from(standing.borrow().is_registered()));
    let registered = (|| {
        let gauge =
            metrics.gauge("kit_registered", "Whether the instance is registered").labels(["service", "instance"])?;
        Ok::<_, RegisterError>(gauge.with_fn([service, &registration.instance().id], read)?)
    })();
    registered.map_err(super::taken)
}

/// Who logs what becomes of the set of a service: each change, and each trouble at most once a minute. For
/// [`Builder::observer`](kit_discovery::Builder::observer).
pub fn discovery_log(log: &Logger) -> impl Observer<Event> + Clone + use<> {
    let log = log.clone();
    move |event: &Event| {
        let service = &*event.service;
        match &event.news {
            News::Changed { generation, size, added, removed, .. } => kit_log::info!(log, "instances";
                "service" => service, "generation" => *generation, "size" => *size, "added" => *added, "removed" => *removed),
            News::Failing { error, lasting, untold, .. } => kit_log::warn!(log, "discovery fails";
                "service" => service, "lasting_ms" => lasting.as_millis(), "untold" => *untold, "cause" => #error),
            News::Recovered { lasted, .. } => kit_log::info!(log, "discovery works again";
                "service" => service, "lasted_ms" => lasted.as_millis()),
            News::Emptied { before, untold, .. } => kit_log::warn!(log, "nobody is registered";
                "service" => service, "before" => *before, "untold" => *untold),
            News::Skipped { named, count, untold, .. } => kit_log::warn!(log, "entries skipped";
                "service" => service, "count" => *count, "untold" => *untold,
                "first" => %named.first().map(ToString::to_string).unwrap_or_default()),
            other => kit_log::info!(log, "discovery"; "service" => service, "news" => ?other),
        }
    }
}

/// Who logs what becomes of a registration, losses at most once a minute. For
/// [`registration::Builder::observer`](kit_discovery::registration::Builder::observer).
pub fn registration_log(log: &Logger) -> impl Observer<registration::Event> + Clone + use<> {
    use registration::News;

    let log = log.clone();
    move |event: &registration::Event| {
        let (service, instance) = (&*event.service, &*event.instance);
        match &event.news {
            News::Registered => kit_log::info!(log, "registered"; "service" => service, "instance" => instance),
            News::Lost { error, lasting, untold, .. } => kit_log::warn!(log, "registration lost";
                "service" => service, "instance" => instance, "lasting_ms" => lasting.as_millis(), "untold" => *untold,
                "cause" => #error),
            News::Remade { lasted, .. } => kit_log::info!(log, "registered again";
                "service" => service, "instance" => instance, "lasted_ms" => lasted.as_millis()),
            News::Withdrawn => kit_log::info!(log, "withdrawn"; "service" => service, "instance" => instance),
            News::Left { error, .. } => kit_log::warn!(log, "not withdrawn";
                "service" => service, "instance" => instance, "cause" => #error),
            other => kit_log::info!(log, "registration"; "service" => service, "news" => ?other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use kit_core::Instance;
    use kit_discovery::testing::memory::Registry as Services;
    use kit_discovery::{Instancer as _, Registrar as _};
    use tokio::time::sleep;

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn count(&self, of: &str) -> usize {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.lines().filter(|line| line.contains(of)).count()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_is_down_for_ten_minutes_ages_a_gauge_and_fills_no_log() {
        let (metrics, lines, services) = (Registry::new(), Lines::default(), Services::new());
        let log = Logger::new(kit_log::logfmt(lines.clone()));
        services.set("strings", [Instance::new("10.0.0.1:80")]);
        let strings = services.instancer("strings").observer(discovery_log(&log)).start().unwrap();
        strings.ready().await.unwrap();
        discovery(&metrics, &strings.subscribe()).unwrap();
        let value = |name: &str| metrics.snapshot().value(name, &[("service", "strings")]).unwrap();
        assert_eq!((value("kit_discovery_instances"), value("kit_discovery_age_seconds")), (1.0, 0.0));

        services.fail(Error::unavailable("the registry is down"));
        sleep(Duration::from_secs(300)).await;
        let age = value("kit_discovery_age_seconds");
        sleep(Duration::from_secs(300)).await;
        assert!(age > 290.0 && value("kit_discovery_age_seconds") > 590.0);
        assert!(value("kit_discovery_instances") == 1.0 && value("kit_discovery_failures_total") > 100.0);
        assert!((9..=10).contains(&lines.count("discovery fails")), "{}", lines.count("discovery fails"));

        services.set("strings", []);
        services.heal();
        sleep(Duration::from_secs(5)).await;
        assert_eq!((value("kit_discovery_age_seconds"), value("kit_discovery_instances")), (0.0, 0.0));
        assert!(value("kit_discovery_empty_seconds") > 0.0 && value("kit_discovery_empty_answers_total") == 1.0);
        assert_eq!((lines.count("discovery works again"), lines.count("nobody is registered")), (1, 1));
        assert!(discovery(&metrics, &strings.subscribe()).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_registration_shows_whether_it_is_registered_and_logs_what_becomes_of_it() {
        let (metrics, lines, services) = (Registry::new(), Lines::default(), Services::new());
        let registration = services.registrar("strings").register(Instance::new("10.0.0.1:80")).await.unwrap();
        registered(&metrics, "strings", &registration).unwrap();
        let labels = [("service", "strings"), ("instance", "10.0.0.1:80")];
        let value = || metrics.snapshot().value("kit_registered", &labels).unwrap();
        assert_eq!(value(), 1.0);
        services.fail(Error::unavailable("the registry is down"));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(value(), 0.0);
        services.heal();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(value(), 1.0);
        registration.withdraw().await.unwrap();
        assert_eq!(value(), 0.0);

        let log = registration_log(&Logger::new(kit_log::logfmt(lines.clone())));
        let told = services.registrar("strings").observer(log);
        told.register(Instance::new("10.0.0.1:80")).await.unwrap().withdraw().await.unwrap();
        assert_eq!((lines.count("registered"), lines.count("withdrawn")), (1, 1));
    }
}
