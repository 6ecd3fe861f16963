//! Counting something allocates nothing.

#[path = "support/alloc.rs"]
mod alloc;

use std::time::Duration;

use kit_metrics::{Bytes, Number, Registry};

#[global_allocator]
static COUNTING: alloc::Counting = alloc::Counting;

#[test]
fn nothing_that_a_request_does_allocates() {
    let registry = Registry::new();
    let counter = registry.counter("calls_total", "Calls").unlabelled().unwrap();
    let gauge = registry.gauge("depth", "Depth").unlabelled().unwrap();
    let set = registry.gauge("level", "Level").unlabelled().unwrap();
    let seconds = registry.histogram("wait_seconds", "Waits").unlabelled().unwrap();
    let bytes = registry.histogram_of::<Bytes>("body_bytes", "Bodies").unlabelled().unwrap();
    let ratio = registry.histogram_of::<Number>("hit_ratio", "Hits").buckets(&[0.5]).unlabelled().unwrap();
    let summary = registry.summary("old_seconds", "Old").unlabelled().unwrap();
    let family = registry.counter("requests_total", "Requests").labels(["method", "status"]).unwrap();
    let preset = family.preset("method", "GET").unwrap();
    family.with(["GET", "200"]).unwrap();

    let work = || {
        counter.inc();
        counter.add_f64(0.5);
        counter.add_f64(-0.5);
        drop(gauge.track());
        set.set(3.5);
        set.add(1.0);
        seconds.observe(Duration::from_millis(3));
        drop(seconds.start_timer());
        bytes.observe(100);
        ratio.observe(0.25);
        summary.observe(Duration::from_millis(3));
        family.with(["GET", "200"]).unwrap().inc();
        family.using(["GET", "200"], |requests| requests.inc()).unwrap();
        preset.using(["200"], |requests| requests.inc()).unwrap();
    };
    // The first time a thread reads a family it may be given its place.
    work();
    let before = alloc::of_this_thread();
    (0..100).for_each(|_| work());
    assert_eq!(alloc::of_this_thread() - before, 0);

    // The count counts.
    drop(family.with(["GET", "404"]));
    assert!(alloc::of_this_thread() > before);
}
