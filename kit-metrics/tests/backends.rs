//! Backends side by side.

mod support;

use std::time::Duration;

use kit_metrics::contract::{self, Subject};
use kit_metrics::snapshot::{Snapshot, Value};
use kit_metrics::{Backend, Discard, Memory, Provider, Registry, Reporter};
use support::json::{Lines, Vars, vars};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

struct InMemory(Memory);

impl Subject for InMemory {
    fn flush(&mut self, snapshot: &Snapshot) {
        self.0.export(snapshot).expect("memory takes everything");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.0.last().value(name, labels)
    }

    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
        match self.0.last().series(name, labels)?.value() {
            Value::Histogram(read) => Some((read.count() as f64, read.sum())),
            Value::Summary(read) => Some((read.count() as f64, read.sum())),
            _ => None,
        }
    }

    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
        match self.0.last().series(name, labels)?.value() {
            Value::Histogram(read) => read.quantile(q),
            Value::Summary(read) => read.values().iter().find(|(told, _)| *told == q).map(|(_, value)| *value),
            _ => None,
        }
    }

    fn total(&mut self, name: &str) -> f64 {
        let last = self.0.last();
        let series = last.family(name).into_iter().flat_map(|family| family.series());
        series.map(|series| if let Value::Counter(n) = series.value() { *n } else { 0.0 }).sum()
    }

    fn malformed(&mut self) -> Vec<String> {
        let unsafe_text = |text: &str| text.chars().any(char::is_control);
        let last = self.0.last();
        let values = last.families().iter().flat_map(|family| family.series()).flat_map(|series| series.label_values());
        values.filter(|value| unsafe_text(value)).map(|value| value.to_string()).collect()
    }
}

#[test]
fn the_backend_in_memory_passes_the_contract() {
    contract::suite(|| InMemory(Memory::new()));
}

#[test]
fn json_lines_pass_the_contract() {
    contract::suite(Lines::default);
}

#[test]
fn debug_vars_pass_the_contract() {
    contract::suite(Vars::default);
}

#[test]
fn debug_vars_are_one_object_whatever_the_labels_hold() -> Result {
    let registry = Registry::new();
    let calls = registry.counter("calls_total", "Calls").labels(["path", "to"])?;
    calls.with(["say \"hi\"\\", "a\nb"])?.add(2);
    calls.with(["", "x=\"y\","])?.inc();
    registry.gauge("depth", "Depth").unlabelled()?.set(f64::INFINITY);
    registry.gauge("never", "A family without series").labels(["a"])?;
    let wait = registry.histogram("wait_seconds", "Waits").labels(["of"])?;
    (0..4).try_for_each(|_| wait.using(["a"], |wait| wait.observe(Duration::from_millis(250))))?;
    let vars = vars(&registry);
    assert_eq!(vars["calls_total"][r#"path="say \"hi\"\\",to="a_b""#], 2);
    assert_eq!(vars["calls_total"][r#"path="",to="x=\"y\",""#], 1);
    assert!(vars["depth"].is_null() && vars.get("never").is_none());
    assert_eq!(
        (&vars["wait_seconds"]["of=\"a\""]["count"], &vars["wait_seconds"]["of=\"a\""]["sum"]),
        (&4.into(), &1.into())
    );
    Ok(())
}

#[test]
fn what_is_discarded_costs_an_export_and_nothing_else() -> Result {
    let registry = Registry::new();
    let reporter = Reporter::start(&registry, Duration::from_secs(3600), Discard)?;
    assert!(reporter.shutdown(Duration::from_secs(60)));
    assert_eq!(registry.snapshot().value("kit_metrics_exports_total", &[("backend", "discard")]), Some(1.0));
    Ok(())
}

#[test]
fn several_backends_read_one_handle_and_none_resets_it() -> Result {
    let (registry, memory) = (Registry::new(), Memory::new());
    let calls = registry.counter("calls_total", "Calls").unlabelled()?;
    let scraped = Provider::open("prometheus", &registry)?;
    let read = Provider::open("expvar", &registry)?;
    let pushed = Reporter::start(&registry, Duration::from_secs(3600), memory.clone())?;
    for round in 1..=3 {
        calls.inc();
        let scrape = scraped.scrape().ok_or("not scraped")?;
        assert!(scrape.content_type.starts_with("text/plain; version=0.0.4"));
        assert!(scrape.body.contains(&format!("\ncalls_total {round}\n")), "{}", scrape.body);
        assert!(read.scrape().ok_or("not read")?.body.contains(&format!("\"calls_total\": {round}")));
        assert!(pushed.flush(Duration::from_secs(60)));
        assert_eq!(memory.last().value("calls_total", &[]), Some(f64::from(round)));
    }
    Ok(())
}

#[test]
fn a_provider_that_pushes_flushes_at_shutdown() -> Result {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let registry = Registry::new();
    let provider = Provider::open(&format!("dogstatsd:{}", socket.local_addr()?), &registry)?;
    registry.counter("calls_total", "Calls").labels(["m"])?.with(["a"])?.inc();
    assert_eq!(provider.scrape(), None);
    assert!(provider.shutdown(Duration::from_secs(60)));
    let mut datagram = [0; 2048];
    let (size, _) = socket.recv_from(&mut datagram)?;
    assert_eq!(str::from_utf8(&datagram[..size])?, "calls_total:1|c|#m:a");
    Ok(())
}
