//! Backends side by side.

use kit_metrics::contract::{self, Subject};
use kit_metrics::snapshot::{Snapshot, Value};
use kit_metrics::{Backend, Memory};

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
