//! Readers of what backends write as JSON.

use std::collections::BTreeMap;

use kit_metrics::contract::Subject;
use kit_metrics::snapshot::Snapshot;
use kit_metrics::stdout::{Form, Printer};
use kit_metrics::{Backend, Registry};
use serde_json::Value;

/// A reader of JSON lines, which keeps the last line of each series.
#[derive(Default)]
pub(crate) struct Lines {
    series: BTreeMap<(String, BTreeMap<String, String>), Value>,
    malformed: Vec<String>,
}

impl Lines {
    fn line(&mut self, line: &str) -> Option<()> {
        let read: Value = serde_json::from_str(line).ok()?;
        let labels = read.get("labels")?.as_object()?;
        let labels = labels.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let key = (read.get("name")?.as_str()?.to_owned(), labels.collect::<Option<_>>()?);
        self.series.insert(key, read);
        Some(())
    }

    fn number(&self, name: &str, labels: &[(&str, &str)], member: &str) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        self.series.get(&(name.to_owned(), labels))?.get(member)?.as_f64()
    }
}

impl Subject for Lines {
    fn flush(&mut self, snapshot: &Snapshot) {
        let mut written = Vec::new();
        Printer::to(&mut written, Form::JsonLines).export(snapshot).expect("a vector takes everything");
        let written = String::from_utf8(written).expect("JSON is UTF-8");
        for line in written.lines() {
            if self.line(line).is_none() {
                self.malformed.push(line.to_owned());
            }
        }
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.number(name, labels, "value")
    }

    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
        Some((self.number(name, labels, "count")?, self.number(name, labels, "sum")?))
    }

    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
        self.number(name, labels, &format!("p{}", q * 100.0))
    }

    fn total(&mut self, name: &str) -> f64 {
        let of_it = self.series.iter().filter(|((found, _), _)| found == name);
        of_it.filter_map(|(_, read)| read.get("value")?.as_f64()).sum()
    }

    fn malformed(&mut self) -> Vec<String> {
        self.malformed.clone()
    }
}

/// A reader of `/debug/vars`.
#[derive(Default)]
pub(crate) struct Vars {
    read: Value,
    malformed: Vec<String>,
}

impl Vars {
    fn of(&self, name: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        let key: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let family = self.read.get(name)?;
        if labels.is_empty() { Some(family) } else { family.get(key.join(",")) }
    }
}

impl Subject for Vars {
    fn flush(&mut self, snapshot: &Snapshot) {
        let text = kit_metrics::expvar::encode(snapshot);
        match serde_json::from_str(&text) {
            Ok(read) => self.read = read,
            Err(_) => self.malformed.push(text),
        }
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.of(name, labels)?.as_f64()
    }

    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
        let read = self.of(name, labels)?;
        Some((read.get("count")?.as_f64()?, read.get("sum")?.as_f64()?))
    }

    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
        self.of(name, labels)?.get(format!("p{}", q * 100.0))?.as_f64()
    }

    fn total(&mut self, name: &str) -> f64 {
        let family = self.read.get(name).and_then(Value::as_object);
        family.into_iter().flat_map(|series| series.values()).filter_map(Value::as_f64).sum()
    }

    fn malformed(&mut self) -> Vec<String> {
        self.malformed.clone()
    }
}

/// What `/debug/vars` says of a registry.
pub(crate) fn vars(registry: &Registry) -> Value {
    serde_json::from_str(&kit_metrics::expvar_json(registry)).expect("one JSON object")
}
