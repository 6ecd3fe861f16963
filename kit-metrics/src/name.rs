//! What a metric and its labels may be called.
//!
//! The rules are those of Prometheus and of `promtool check metrics`, held when a family is registered, so that no
//! scrape can break them: lower-case snake case; counters and nothing else end in `_total`; base units, written out,
//! at the end; no `_bucket`, `_sum` or `_count`, which are made; no label `le` or `quantile`, which are made too.

use crate::error::{NameProblem, RegisterError};
use crate::snapshot::Kind;
use crate::unit::Unit;

/// Most labels of a family: beyond this a label set is a log line.
pub const MAX_LABELS: usize = 16;

/// Endings that name a unit other than the base one, and the base one.
const SCALED: [(&str, &str); 22] = [
    ("s", "seconds"),
    ("sec", "seconds"),
    ("second", "seconds"),
    ("ms", "seconds"),
    ("millis", "seconds"),
    ("milliseconds", "seconds"),
    ("us", "seconds"),
    ("micros", "seconds"),
    ("microseconds", "seconds"),
    ("ns", "seconds"),
    ("nanos", "seconds"),
    ("nanoseconds", "seconds"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("kb", "bytes"),
    ("mb", "bytes"),
    ("gb", "bytes"),
    ("kilobytes", "bytes"),
    ("megabytes", "bytes"),
    ("gigabytes", "bytes"),
    ("percent", "ratio"),
];

/// Words that a name may not hold because the kind is told elsewhere.
const KINDS: [&str; 4] = ["counter", "gauge", "histogram", "summary"];

/// Checks the name of a family whose observations have this unit.
pub(crate) fn check(name: &str, kind: Kind, unit: Unit) -> Result<(), RegisterError> {
    match problem(name, kind, unit) {
        Some(problem) => Err(RegisterError::Name { name: name.into(), problem }),
        None => Ok(()),
    }
}

fn problem(name: &str, kind: Kind, unit: Unit) -> Option<NameProblem> {
    if !snake_case(name) {
        return Some(NameProblem::NotSnakeCase);
    }
    let total = name.strip_suffix("_total");
    match (kind, total) {
        (Kind::Counter, None) => return Some(NameProblem::CounterWithoutTotal),
        (Kind::Counter, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Some(NameProblem::TotalWithoutCounter),
    }
    let stem = total.unwrap_or(name);
    let end = stem.rsplit('_').next().unwrap_or(stem);
    if matches!(end, "bucket" | "sum" | "count" | "total") {
        return Some(NameProblem::Reserved(end.into()));
    }
    if let Some(word) = stem.split('_').find(|word| KINDS.contains(word)) {
        return Some(NameProblem::TellsKind(word.into()));
    }
    match kind {
        Kind::Histogram | Kind::Summary if Unit::of(name) != unit => return Some(NameProblem::Unit(unit)),
        // An old name kept on purpose: the unit asked for says so.
        Kind::Summary if unit == Unit::Milliseconds => return None,
        _ => {}
    }
    let base = SCALED.iter().find(|(scaled, _)| *scaled == end)?.1;
    Some(NameProblem::NotBaseUnit(base))
}

/// Checks the names of a family's labels.
pub(crate) fn check_labels(family: &str, labels: &[&str]) -> Result<(), RegisterError> {
    if labels.len() > MAX_LABELS {
        return Err(RegisterError::TooManyLabels { name: family.into(), given: labels.len() });
    }
    for (i, label) in labels.iter().enumerate() {
        let problem = if !snake_case(label) {
            NameProblem::NotSnakeCase
        } else if label.starts_with("__") || matches!(*label, "le" | "quantile") {
            NameProblem::Reserved((*label).into())
        } else if labels[..i].contains(label) {
            NameProblem::Twice
        } else {
            continue;
        };
        return Err(RegisterError::Label { name: family.into(), label: (*label).into(), problem });
    }
    Ok(())
}

fn snake_case(name: &str) -> bool {
    name.len() <= 200
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, kind: Kind, unit: Unit) -> Option<NameProblem> {
        problem(name, kind, unit)
    }

    #[test]
    fn names_by_the_convention_pass() {
        for (name, kind, unit) in [
            ("http_requests_total", Kind::Counter, Unit::None),
            ("process_cpu_seconds_total", Kind::Counter, Unit::None),
            ("requests_in_flight", Kind::Gauge, Unit::None),
            ("kit_build_info", Kind::Gauge, Unit::None),
            ("process_resident_memory_bytes", Kind::Gauge, Unit::None),
            ("http_request_duration_seconds", Kind::Histogram, Unit::Seconds),
            ("http_request_body_bytes", Kind::Histogram, Unit::Bytes),
            ("cache_hit_ratio", Kind::Histogram, Unit::None),
            ("go_rev_proxy_requests_latency_ms", Kind::Summary, Unit::Milliseconds),
        ] {
            assert_eq!(told(name, kind, unit), None, "{name}");
        }
    }

    #[test]
    fn names_against_the_convention_say_what_is_wrong() {
        use NameProblem as P;
        for (name, kind, unit, problem) in [
            ("", Kind::Gauge, Unit::None, P::NotSnakeCase),
            ("9_lives", Kind::Gauge, Unit::None, P::NotSnakeCase),
            ("httpRequests_total", Kind::Counter, Unit::None, P::NotSnakeCase),
            ("a:b", Kind::Gauge, Unit::None, P::NotSnakeCase),
            ("depth\n1", Kind::Gauge, Unit::None, P::NotSnakeCase),
            ("requests", Kind::Counter, Unit::None, P::CounterWithoutTotal),
            ("requests_total", Kind::Gauge, Unit::None, P::TotalWithoutCounter),
            ("requests_count", Kind::Gauge, Unit::None, P::Reserved("count".into())),
            ("requests_counter_total", Kind::Counter, Unit::None, P::TellsKind("counter".into())),
            ("latency_ms", Kind::Gauge, Unit::None, P::NotBaseUnit("seconds")),
            ("waited_milliseconds_total", Kind::Counter, Unit::None, P::NotBaseUnit("seconds")),
            ("latency", Kind::Histogram, Unit::Seconds, P::Unit(Unit::Seconds)),
            ("latency_seconds", Kind::Histogram, Unit::Bytes, P::Unit(Unit::Bytes)),
            ("latency_seconds", Kind::Histogram, Unit::None, P::Unit(Unit::None)),
            ("latency_ms", Kind::Histogram, Unit::Milliseconds, P::NotBaseUnit("seconds")),
        ] {
            assert_eq!(told(name, kind, unit), Some(problem), "{name:?}");
        }
    }

    #[test]
    fn labels_that_backends_make_or_that_come_twice_are_refused() {
        assert!(check_labels("f", &["method", "status_code"]).is_ok());
        for labels in [&["le"][..], &["quantile"], &["__name"], &["a-b"], &[""], &["a", "b", "a"]] {
            assert!(matches!(check_labels("f", labels), Err(RegisterError::Label { .. })), "{labels:?}");
        }
        let many = ["a"; MAX_LABELS + 1];
        assert!(matches!(check_labels("f", &many), Err(RegisterError::TooManyLabels { .. })));
    }
}
