//! A label set is one series, whatever others there are.

use crate::contract::{Subject, VALID};
use crate::registry::Registry;

/// Series that share some of their labels do not share a value.
///
/// # Source
/// Go kit, issue 1296: label sets made from one base could overwrite one another.
pub fn sibling_label_sets_are_independent(mut subject: impl Subject) {
    let registry = Registry::new();
    let calls = registry.counter("calls_total", "Calls").labels(["a", "b", "c"]).expect(VALID);
    let base = calls.preset("a", "x").expect(VALID);
    let mut expected = Vec::new();
    for (i, b) in ["p", "q"].iter().enumerate() {
        for (j, c) in ["r", "s", "t"].iter().enumerate() {
            let n = (10 * i + j + 1) as u64;
            base.with([b, c]).expect(VALID).add(n);
            expected.push((b, c, n as f64));
        }
        subject.flush(&registry.snapshot());
    }
    for (b, c, n) in expected {
        assert_eq!(subject.value("calls_total", &[("a", "x"), ("b", b), ("c", c)]), Some(n), "b={b} c={c}");
    }
}

/// A family and a label set that come after the first flush arrive in full.
pub fn late_series_arrive(mut subject: impl Subject) {
    let registry = Registry::new();
    let calls = registry.counter("calls_total", "Calls").labels(["method"]).expect(VALID);
    calls.with(["early"]).expect(VALID).inc();
    subject.flush(&registry.snapshot());
    calls.with(["late"]).expect(VALID).add(2);
    registry.gauge("depth", "Depth").unlabelled().expect(VALID).set(3.0);
    subject.flush(&registry.snapshot());
    assert_eq!(subject.value("calls_total", &[("method", "early")]), Some(1.0));
    assert_eq!(subject.value("calls_total", &[("method", "late")]), Some(2.0));
    assert_eq!(subject.value("depth", &[]), Some(3.0));
}
