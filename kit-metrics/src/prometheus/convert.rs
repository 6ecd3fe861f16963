//! A snapshot in the types of the crate `prometheus`.

use ::prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
};

use crate::snapshot::{Distribution, FamilySnapshot, Kind, Quantiles, SeriesSnapshot, Snapshot, Value};

/// The families of a snapshot that have series, sorted by name.
pub fn gather(snapshot: &Snapshot) -> Vec<MetricFamily> {
    snapshot.families().iter().filter(|family| !family.series().is_empty()).map(convert).collect()
}

fn convert(family: &FamilySnapshot) -> MetricFamily {
    let mut converted = MetricFamily::default();
    converted.set_name(family.name().to_owned());
    converted.set_help(family.help().to_owned());
    converted.set_field_type(match family.kind() {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
        Kind::Summary => MetricType::SUMMARY,
    });
    converted.set_metric(family.series().iter().map(|series| metric(family, series)).collect());
    converted
}

fn metric(family: &FamilySnapshot, series: &SeriesSnapshot) -> Metric {
    let pair = |(name, value): (&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    let mut metric = Metric::from_label(family.labels(series).map(pair).collect());
    match series.value() {
        Value::Counter(value) => {
            let mut counter = Counter::default();
            counter.set_value(*value);
            metric.set_counter(counter);
        }
        Value::Gauge(value) => {
            let mut gauge = Gauge::default();
            gauge.set_value(*value);
            metric.set_gauge(gauge);
        }
        Value::Histogram(read) => metric.set_histogram(histogram(read)),
        Value::Summary(read) => metric.set_summary(summary(read)),
    }
    metric
}

fn histogram(read: &Distribution) -> Histogram {
    let mut histogram = Histogram::default();
    let mut below = 0;
    let buckets = read.bounds().iter().zip(read.counts()).map(|(bound, count)| {
        below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(below);
        bucket
    });
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(read.count());
    histogram.set_sample_sum(read.sum());
    histogram
}

fn summary(read: &Quantiles) -> Summary {
    let mut summary = Summary::default();
    let quantiles = read.values().iter().map(|&(q, value)| {
        let mut quantile = Quantile::default();
        quantile.set_quantile(q);
        quantile.set_value(value);
        quantile
    });
    summary.set_quantile(quantiles.collect());
    summary.set_sample_count(read.count());
    summary.set_sample_sum(read.sum());
    summary
}
