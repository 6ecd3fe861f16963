//! Nothing counted is lost, and nothing is counted twice.

use std::time::Duration;

use crate::contract::{Subject, VALID};
use crate::registry::Registry;

/// Threads count while flushes go on; the total is exact.
pub fn sums_are_exact_under_threads(mut subject: impl Subject) {
    const EACH: u64 = 20_000;
    const THREADS: u64 = 4;
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs").labels(["kind"]).expect(VALID);
    let mail = jobs.with(["mail"]).expect(VALID);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| (0..EACH).for_each(|_| mail.inc()))).collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            subject.flush(&registry.snapshot());
        }
    });
    subject.flush(&registry.snapshot());
    assert_eq!(subject.value("jobs_total", &[("kind", "mail")]), Some((EACH * THREADS) as f64));
    assert_eq!(subject.malformed(), [""; 0]);
}

/// What is counted between flushes adds up, fractions too, and a flush in which nothing happened adds nothing.
pub fn counters_add_up_over_flushes(mut subject: impl Subject) {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs").unlabelled().expect(VALID);
    let busy = registry.counter("busy_seconds_total", "Time at work").unlabelled().expect(VALID);
    for n in [3, 0, 4, 0, 0, 1_000_000] {
        jobs.add(n);
        busy.add_f64(n as f64 / 4.0);
        subject.flush(&registry.snapshot());
    }
    assert_eq!(subject.value("jobs_total", &[]), Some(1_000_007.0));
    assert_eq!(subject.value("busy_seconds_total", &[]), Some(250_001.75));
}

/// Count and sum of a histogram are exact while threads observe and flushes go on.
pub fn histogram_sums_are_exact_under_threads(mut subject: impl Subject) {
    const EACH: u64 = 5_000;
    let registry = Registry::new();
    let latency = registry.histogram("latency_seconds", "Latency").unlabelled().expect(VALID);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..EACH).for_each(|_| latency.observe(Duration::from_millis(250))));
        }
        subject.flush(&registry.snapshot());
        subject.flush(&registry.snapshot());
    });
    subject.flush(&registry.snapshot());
    let (count, sum) = subject.count_and_sum("latency_seconds", &[]).expect("the histogram arrived");
    assert_eq!((count, sum), (4.0 * EACH as f64, EACH as f64));
}
