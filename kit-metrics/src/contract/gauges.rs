//! A gauge is a state, and no flush resets it.

use crate::contract::{Subject, VALID};
use crate::registry::Registry;

/// A gauge that is added to after a flush goes on from where it was, and one that nobody touches stays.
///
/// # Source
/// Go kit, issue 578: `Gauge.Add` began again from zero after each flush.
pub fn gauges_survive_flushes(mut subject: impl Subject) {
    let registry = Registry::new();
    let gauge = registry.gauge("depth", "Depth").labels(["queue"]).expect(VALID);
    let (touched, still) = (gauge.with(["a"]).expect(VALID), gauge.with(["b"]).expect(VALID));
    still.set(12.5);
    let guard = touched.track();
    touched.set(5.0);
    subject.flush(&registry.snapshot());
    touched.add(2.0);
    subject.flush(&registry.snapshot());
    assert_eq!(subject.value("depth", &[("queue", "a")]), Some(7.0));
    drop(guard);
    subject.flush(&registry.snapshot());
    subject.flush(&registry.snapshot());
    assert_eq!(subject.value("depth", &[("queue", "a")]), Some(6.0));
    assert_eq!(subject.value("depth", &[("queue", "b")]), Some(12.5));
}

/// A gauge may be below zero, stay there, and come back.
pub fn negative_gauges_arrive(mut subject: impl Subject) {
    let registry = Registry::new();
    let gauge = registry.gauge("offset_seconds", "Offset").unlabelled().expect(VALID);
    for value in [3.0, -5.5, -5.5, -1.0, 0.0, -0.25, 4.0] {
        gauge.set(value);
        subject.flush(&registry.snapshot());
        assert_eq!(subject.value("offset_seconds", &[]), Some(value));
    }
    assert_eq!(subject.malformed(), [""; 0]);
}
