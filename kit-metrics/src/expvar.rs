//! A registry as one JSON object, for `/debug/vars`.
//!
//! A counter or gauge is a number; a histogram or summary an object with `count`, `sum`, `p50`, `p90`, `p99`, where a
//! histogram's quantiles are of all it has seen and told from its buckets. A family with labels is an object with a
//! member a label set, whose key is written as Prometheus writes it. What JSON has no number for is `null`.
//!
//! # Source
//! The package `expvar` of Go's standard library, whose handler serves `/debug/vars`.

use crate::json::{push_number, push_string};
use crate::registry::Registry;
use crate::snapshot::readings::readings;
use crate::snapshot::{FamilySnapshot, SeriesSnapshot, Snapshot, Value};

/// A registry as one JSON object with a member a metric, for people with `curl` and `jq`.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// registry.counter("my_total", "Mine").unlabelled()?.inc();
/// registry.gauge("depth", "Depth").labels(["queue"])?.with(["mail"])?.set(2.5);
/// assert_eq!(
///     kit_metrics::expvar_json(&registry),
///     "{\n\"depth\": {\"queue=\\\"mail\\\"\": 2.5},\n\"my_total\": 1\n}\n"
/// );
/// # Ok(())
/// # }
/// ```
pub fn json(registry: &Registry) -> String {
    encode(&registry.snapshot())
}

/// A snapshot as [`json`] writes a registry.
pub fn encode(snapshot: &Snapshot) -> String {
    let mut json = String::from("{");
    let mut separator = "\n";
    for family in snapshot.families().iter().filter(|family| !family.series().is_empty()) {
        json.push_str(separator);
        separator = ",\n";
        push_string(&mut json, family.name());
        json.push_str(": ");
        push_family(&mut json, family);
    }
    json.push_str("\n}\n");
    json
}

fn push_family(json: &mut String, family: &FamilySnapshot) {
    if let ([], [series]) = (family.label_names(), family.series()) {
        return push_value(json, series.value());
    }
    let mut separator = "{";
    for series in family.series() {
        json.push_str(separator);
        separator = ", ";
        push_string(json, &key(family, series));
        json.push_str(": ");
        push_value(json, series.value());
    }
    json.push('}');
}

fn key(family: &FamilySnapshot, series: &SeriesSnapshot) -> String {
    let pairs = family.labels(series).map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name}=\"{value}\"")
    });
    pairs.collect::<Vec<_>>().join(",")
}

fn push_value(json: &mut String, value: &Value) {
    let readings = readings(value);
    if let Value::Counter(_) | Value::Gauge(_) = value {
        return readings.iter().for_each(|(_, number)| push_number(json, *number));
    }
    for (i, (name, number)) in readings.iter().enumerate() {
        json.push_str(if i == 0 { "{" } else { ", " });
        push_string(json, name);
        json.push_str(": ");
        push_number(json, *number);
    }
    json.push('}');
}
