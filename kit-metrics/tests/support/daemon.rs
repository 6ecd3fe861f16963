//! A StatsD daemon, as much of one as tells whether the lines are right.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use cadence::MetricSink;
use kit_metrics::contract::Subject;
use kit_metrics::snapshot::Snapshot;
use kit_metrics::statsd::{Statsd, StatsdBuilder, Tags};
use kit_metrics::{Backend, Registry};

/// What a daemon knows; clones are the same daemon, and each is a sink.
#[derive(Clone, Debug, Default)]
pub(crate) struct Daemon(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) datagrams: Vec<String>,
    pub(crate) counters: BTreeMap<String, f64>,
    pub(crate) gauges: BTreeMap<String, f64>,
    /// Values, and how many each stands for.
    pub(crate) timings: BTreeMap<String, Vec<(f64, f64)>>,
    pub(crate) malformed: Vec<String>,
    /// Takes no datagram while it is set.
    pub(crate) down: bool,
}

impl Daemon {
    pub(crate) fn builder(&self) -> StatsdBuilder {
        let daemon = self.clone();
        Statsd::sink(move || Ok(daemon.clone()))
    }

    pub(crate) fn look<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().expect("no test panics with it"))
    }

    pub(crate) fn counter(&self, key: &str) -> Option<f64> {
        self.look(|state| state.counters.get(key).copied())
    }

    pub(crate) fn gauge(&self, key: &str) -> Option<f64> {
        self.look(|state| state.gauges.get(key).copied())
    }
}

impl MetricSink for Daemon {
    fn emit(&self, metric: &str) -> io::Result<usize> {
        self.look(|state| {
            if state.down {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            state.datagrams.push(metric.to_owned());
            for line in metric.split('\n') {
                if state.line(line).is_none() {
                    state.malformed.push(line.to_owned());
                }
            }
            Ok(metric.len())
        })
    }
}

impl State {
    fn line(&mut self, line: &str) -> Option<()> {
        let (name, rest) = line.split_once(':')?;
        let mut parts = rest.split('|');
        let (value, kind) = (parts.next()?, parts.next()?);
        let (mut rate, mut tags, mut datadog) = (1.0, String::new(), false);
        for part in parts {
            match part.split_at_checked(1)? {
                ("@", given) => rate = given.parse().ok()?,
                ("#", given) => {
                    datadog = true;
                    let mut given: Vec<&str> = given.split(',').collect();
                    given.sort_unstable();
                    let sound = |tag: &str| {
                        tag.split_once(':').is_some_and(|(name, value)| !name.is_empty() && !value.contains(':'))
                    };
                    if !given.iter().all(|tag| sound(tag)) {
                        return None;
                    }
                    tags = format!("#{}", given.join(","));
                }
                _ => return None,
            }
        }
        let sound = |c: char| c.is_alphanumeric() || "_-./#:,".contains(c);
        if name.is_empty() || name.contains("..") || !name.chars().chain(tags.chars()).all(sound) {
            return None;
        }
        let number: f64 = value.parse().ok().filter(|n: &f64| n.is_finite())?;
        let key = format!("{name}{tags}");
        match kind {
            "c" => *self.counters.entry(key).or_default() += number / rate,
            "g" if !datadog && value.starts_with(['-', '+']) => *self.gauges.entry(key).or_default() += number,
            "g" => drop(self.gauges.insert(key, number)),
            "ms" | "h" => self.timings.entry(key).or_default().push((number, 1.0 / rate)),
            _ => return None,
        }
        Some(())
    }
}

/// The backend and a daemon behind it.
pub(crate) struct Sent {
    backend: Statsd,
    daemon: Daemon,
    tags: Tags,
}

impl Sent {
    pub(crate) fn new(tags: Tags) -> Self {
        let daemon = Daemon::default();
        let mut builder = daemon.builder().tags(tags);
        if tags == Tags::Datadog {
            // So that a series without labels of its own is known by a tag too.
            builder = builder.tag("env", "test");
        }
        let backend = builder.build(&Registry::new()).expect("the settings are usable");
        Self { backend, daemon, tags }
    }

    fn key(&self, name: &str, labels: &[(&str, &str)]) -> String {
        match self.tags {
            Tags::Plain => labels.iter().fold(name.to_owned(), |key, (_, value)| format!("{key}.{value}")),
            _ => {
                let mut tags: Vec<String> = labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                tags.push("env:test".into());
                tags.sort_unstable();
                format!("{name}#{}", tags.join(","))
            }
        }
    }

    fn suffixed(&self, name: &str, suffix: &str, labels: &[(&str, &str)]) -> String {
        match self.tags {
            Tags::Plain => self.key(name, labels) + suffix,
            _ => self.key(&format!("{name}{suffix}"), labels),
        }
    }
}

impl Subject for Sent {
    fn flush(&mut self, snapshot: &Snapshot) {
        self.backend.export(snapshot).expect("the daemon is up");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let key = self.key(name, labels);
        self.daemon.counter(&key).or_else(|| self.daemon.gauge(&key))
    }

    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
        let counter = |suffix| self.daemon.counter(&self.suffixed(name, suffix, labels));
        Some((counter(".count")?, counter(".sum")?))
    }

    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
        self.daemon.gauge(&self.suffixed(name, &format!(".p{}", q * 100.0), labels))
    }

    fn total(&mut self, name: &str) -> f64 {
        let of_it =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '#']));
        self.daemon.look(|state| state.counters.iter().filter(|(key, _)| of_it(key)).map(|(_, n)| n).sum())
    }

    fn malformed(&mut self) -> Vec<String> {
        self.daemon.look(|state| state.malformed.clone())
    }
}
