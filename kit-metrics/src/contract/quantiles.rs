//! Quantiles are as near as they say.

use std::time::Duration;

use crate::buckets::linear;
use crate::contract::{Subject, VALID};
use crate::registry::Registry;

/// The quantiles that a subject must tell.
const TOLD: [f64; 3] = [0.5, 0.9, 0.99];

/// Observations are every millisecond from 1 ms to 10 s once, in buckets of 100 ms.
pub fn histogram_quantiles_are_within_a_bucket(mut subject: impl Subject) {
    let registry = Registry::new();
    let latency =
        registry.histogram("latency_seconds", "Latency").buckets(&linear(0.1, 0.1, 100)).unlabelled().expect(VALID);
    (1..=10_000).for_each(|ms| latency.observe(Duration::from_millis(ms)));
    subject.flush(&registry.snapshot());
    for q in TOLD {
        let told = subject.quantile("latency_seconds", &[], q).expect("the quantile is told");
        let exact = q * 10.0;
        assert!((told - exact).abs() <= 0.1 + 1e-9, "quantile {q}: {told} is further from {exact} than a bucket");
    }
}

/// The same observations in a summary, which is exact to 0.8 %.
pub fn summary_quantiles_are_within_the_stated_error(mut subject: impl Subject) {
    let registry = Registry::new();
    let latency = registry.summary("latency_seconds", "Latency").unlabelled().expect(VALID);
    (1..=10_000).for_each(|ms| latency.observe(Duration::from_millis(ms)));
    subject.flush(&registry.snapshot());
    for q in TOLD {
        let told = subject.quantile("latency_seconds", &[], q).expect("the quantile is told");
        let exact = q * 10.0;
        assert!((told - exact).abs() <= exact * 0.008, "quantile {q}: {told} is further from {exact} than 0.8 %");
    }
    let (count, sum) = subject.count_and_sum("latency_seconds", &[]).expect("the summary arrived");
    assert_eq!((count, sum), (10_000.0, 50_005.0));
}
