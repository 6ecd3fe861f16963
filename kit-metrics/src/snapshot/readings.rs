//! A value as named numbers, for backends that people read.

use crate::snapshot::Value;
use crate::summary::QUANTILES;

/// The numbers of a value: `value`, or `count`, `sum` and the quantiles as `p50`, `p90`, `p99`.
///
/// A histogram's quantiles are of everything since it was made, and there are none before the first observation.
pub(crate) fn readings(value: &Value) -> Vec<(String, f64)> {
    let named = |name: &str, number| (name.to_owned(), number);
    match value {
        Value::Counter(value) | Value::Gauge(value) => vec![named("value", *value)],
        Value::Histogram(read) => {
            let quantiles = QUANTILES.into_iter().filter_map(|q| Some((quantile_name(q), read.quantile(q)?)));
            [named("count", read.count() as f64), named("sum", read.sum())].into_iter().chain(quantiles).collect()
        }
        Value::Summary(read) => {
            let known = read.values().iter().filter(|(_, value)| value.is_finite());
            let quantiles = known.map(|(q, value)| (quantile_name(*q), *value));
            [named("count", read.count() as f64), named("sum", read.sum())].into_iter().chain(quantiles).collect()
        }
    }
}

/// A quantile by percent: `p50`, `p99_9`.
pub(crate) fn quantile_name(q: f64) -> String {
    // 0.999 * 100 is 99.9 but for its last bits.
    let percent = (q * 1e6).round() / 1e4;
    format!("p{}", percent.to_string().replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_named_by_percent() {
        let names: Vec<String> = [0.5, 0.9, 0.99, 0.999, 1.0, 0.0].into_iter().map(quantile_name).collect();
        assert_eq!(names, ["p50", "p90", "p99", "p99_9", "p100", "p0"]);
    }
}
