//! Families: what may be registered, and what a label set resolves to.

use kit_metrics::snapshot::Kind;
use kit_metrics::{Bytes, LabelError, OTHER, RegisterError, Registry, Unit};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[test]
fn the_same_registration_again_answers_the_same_family() -> Result {
    let registry = Registry::new();
    let first = registry.counter("calls_total", "Calls").labels(["method"])?;
    let second = registry.clone().counter("calls_total", "Calls, in other words").labels(["method"])?;
    first.with(["a"])?.inc();
    second.with(["a"])?.inc();
    assert_eq!(first.with(["a"])?.value(), 2.0);
    assert_eq!(registry.snapshot().family("calls_total").map(|family| family.help()), Some("Calls"));
    Ok(())
}

#[test]
fn another_shape_under_the_same_name_is_refused_and_changes_nothing() -> Result {
    let registry = Registry::new();
    registry.histogram("wait_seconds", "Waits").labels(["method"])?;
    let conflict = |error: RegisterError| match error {
        RegisterError::Conflict { what, .. } => what,
        other => panic!("{other}"),
    };
    let other_labels = registry.histogram("wait_seconds", "Waits").labels(["status"]).unwrap_err();
    assert_eq!(conflict(other_labels), "list of labels");
    let other_kind = registry.gauge("wait_seconds", "Waits").labels(["method"]).unwrap_err();
    assert_eq!(conflict(other_kind), "kind");
    let other_buckets = registry.histogram("wait_seconds", "Waits").buckets(&[1.0]).labels(["method"]).unwrap_err();
    assert_eq!(conflict(other_buckets), "list of buckets or quantiles");
    let own = registry.counter("kit_metrics_series_overflow_total", "Mine").unlabelled().unwrap_err();
    assert_eq!(conflict(own), "owner, the registry itself");
    assert_eq!(registry.snapshot().families().len(), 1);
    Ok(())
}

#[test]
fn what_breaks_a_rule_is_an_error_that_names_it() {
    let registry = Registry::new();
    let message = |error: RegisterError| error.to_string();
    let error = registry.counter("requests", "Requests").unlabelled().unwrap_err();
    assert_eq!(message(error), "metric name \"requests\" is a counter's and does not end in `_total`");
    let error = registry.histogram("wait_ms", "Waits").unlabelled().unwrap_err();
    assert_eq!(message(error), "metric name \"wait_ms\" does not end in the unit of what is observed, `_seconds`");
    let error = registry.gauge("depth", " ").unlabelled().unwrap_err();
    assert_eq!(message(error), "metric \"depth\" has no help text");
    let error = registry.gauge("depth", "Depth").labels(["le"]).unwrap_err();
    assert_eq!(message(error), "label \"le\" of metric \"depth\" uses `le`, which is made by backends");
    let error = registry.gauge("depth", "Depth").limit(0).unlabelled().unwrap_err();
    assert_eq!(message(error), "metric \"depth\" may not keep 0 label sets");
    assert!(registry.snapshot().families().is_empty());
}

#[test]
fn a_wrong_label_set_is_an_error_when_resolved() -> Result {
    let family = Registry::new().counter("calls_total", "Calls").labels(["method", "status"])?;
    let error = family.with(["GET"]).unwrap_err();
    assert_eq!(error.to_string(), "metric \"calls_total\" takes 2 label values, 1 were given");
    let error = family.with_pairs(&[("method", "GET"), ("verb", "GET")]).unwrap_err();
    assert!(matches!(error, LabelError::Unknown { label, .. } if &*label == "verb"));
    let error = family.with_pairs(&[("method", "GET")]).unwrap_err();
    assert!(matches!(error, LabelError::Missing { label, .. } if &*label == "status"));
    assert!(family.preset("verb", "GET").is_err());
    Ok(())
}

#[test]
fn pairs_come_in_any_order_and_the_last_of_a_name_counts() -> Result {
    let family = Registry::new().counter("calls_total", "Calls").labels(["method", "status"])?;
    family.with(["GET", "200"])?.inc();
    family.with_pairs(&[("status", "200"), ("method", "GET")])?.inc();
    family.with_pairs(&[("method", "PUT"), ("status", "200"), ("method", "GET")])?.inc();
    assert_eq!(family.with(["GET", "200"])?.value(), 3.0);
    Ok(())
}

#[test]
fn presets_of_one_family_do_not_touch_one_another() -> Result {
    // Go kit's `With` appended in place: two children of one parent could read the same label (#1296).
    let registry = Registry::new();
    let root = registry.counter("calls_total", "Calls").labels(["a", "b", "c"])?;
    let base = root.preset("b", "base")?;
    let (left, right) = (base.preset("c", "left")?, base.preset("c", "right")?);
    left.with(["1"])?.add(1);
    right.with(["1"])?.add(2);
    base.with(["1", "none"])?.add(3);
    let snapshot = registry.snapshot();
    let value = |c| snapshot.value("calls_total", &[("c", c), ("a", "1"), ("b", "base")]);
    assert_eq!([value("left"), value("right"), value("none")], [Some(1.0), Some(2.0), Some(3.0)]);
    assert!(base.preset("b", "again").is_err());
    assert_eq!(
        left.with(["1", "2"]).unwrap_err().to_string(),
        "metric \"calls_total\" takes 1 label values, 2 were given"
    );
    assert_eq!(right.with_pairs(&[("a", "1")])?.value(), 2.0);
    assert!(right.with_pairs(&[("a", "1"), ("b", "base")]).is_err());
    Ok(())
}

#[test]
fn label_sets_past_the_limit_share_other_and_are_counted() -> Result {
    let registry = Registry::new();
    let family = registry.counter("calls_total", "Calls").labels(["method", "path"])?;
    for n in 0..100_000 {
        family.using(["GET", &format!("/{n}")], |calls| calls.inc())?;
    }
    let snapshot = registry.snapshot();
    let calls = snapshot.family("calls_total").ok_or("no family")?;
    assert_eq!(calls.series().len(), 1001);
    assert_eq!(snapshot.value("calls_total", &[("method", OTHER), ("path", OTHER)]), Some(99_000.0));
    let overflow = snapshot.value("kit_metrics_series_overflow_total", &[("family", "calls_total")]);
    assert_eq!(overflow, Some(99_000.0));
    // Those that were there before keep their own series.
    assert_eq!(family.with(["GET", "/7"])?.value(), 1.0);
    Ok(())
}

#[test]
fn a_histogram_keeps_fewer_label_sets_so_that_its_lines_stay_under_2000() -> Result {
    let registry = Registry::new();
    let waits = registry.histogram("wait_seconds", "Waits").labels(["path"])?;
    let sizes = registry.histogram_of::<Bytes>("body_bytes", "Bodies").limit(5).labels(["path"])?;
    for n in 0..1000 {
        waits.with([n.to_string()])?;
        sizes.with([n.to_string()])?;
    }
    let snapshot = registry.snapshot();
    let series = |name| snapshot.family(name).map(|family| family.series().len());
    assert_eq!(series("wait_seconds"), Some(117 + 1));
    assert_eq!(series("body_bytes"), Some(5 + 1));
    Ok(())
}

#[test]
fn who_was_called_other_before_the_limit_keeps_one_series() -> Result {
    let registry = Registry::new();
    let family = registry.counter("calls_total", "Calls").limit(2).labels(["path"])?;
    family.with([OTHER])?.inc();
    for path in ["/a", "/b", "/c"] {
        family.with([path])?.inc();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.value("calls_total", &[("path", OTHER)]), Some(3.0));
    assert_eq!(snapshot.family("calls_total").map(|family| family.series().len()), Some(2));
    Ok(())
}

#[test]
fn hostile_values_are_made_safe_and_counted() -> Result {
    let registry = Registry::new();
    let family = registry.counter("calls_total", "Calls").labels(["path"])?;
    family.with(["a\nb"])?.inc();
    family.with(["a\u{202e}b"])?.inc();
    family.with([&b"\xff"[..]])?.inc();
    family.with(["x".repeat(10 * 1024)])?.inc();
    family.with(["say \"hi\" \\"])?.inc();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.value("calls_total", &[("path", "a_b")]), Some(2.0));
    assert_eq!(snapshot.value("calls_total", &[("path", "\u{fffd}")]), Some(1.0));
    assert_eq!(snapshot.value("calls_total", &[("path", "say \"hi\" \\")]), Some(1.0));
    let replaced = snapshot.value("kit_metrics_label_values_replaced_total", &[("family", "calls_total")]);
    assert_eq!(replaced, Some(4.0));
    Ok(())
}

#[test]
fn a_removed_series_leaves_the_snapshot_and_makes_room() -> Result {
    let registry = Registry::new();
    let family = registry.gauge("connections", "Connections").limit(1).labels(["instance"])?;
    let old = family.with(["a:1"])?;
    assert!(family.remove(["a:1"])?);
    assert!(!family.remove(["a:1"])?);
    old.inc();
    family.with(["b:1"])?.set(7.0);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.value("connections", &[("instance", "a:1")]), None);
    assert_eq!(snapshot.value("connections", &[("instance", "b:1")]), Some(7.0));
    assert!(snapshot.family("kit_metrics_series_overflow_total").is_none());
    Ok(())
}

#[test]
fn functions_are_read_at_each_snapshot_and_a_panic_leaves_only_theirs_out() -> Result {
    let registry = Registry::new();
    registry.gauge_fn("depth", "Depth", || 2.5)?;
    let dropped = registry.counter("dropped_total", "Dropped").labels(["reason"])?;
    dropped.with_fn(["full"], || 4.0)?;
    dropped.with_fn(["broken"], || std::panic::resume_unwind(Box::new("broken")))?;
    dropped.with(["late"])?.inc();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.value("depth", &[]), Some(2.5));
    assert_eq!(snapshot.value("dropped_total", &[("reason", "full")]), Some(4.0));
    assert_eq!(snapshot.value("dropped_total", &[("reason", "broken")]), None);
    assert_eq!(snapshot.value("dropped_total", &[("reason", "late")]), Some(1.0));
    let panics = snapshot.value("kit_metrics_callback_panics_total", &[("family", "dropped_total")]);
    assert_eq!(panics, Some(1.0));
    Ok(())
}

#[test]
fn a_series_is_a_handle_or_a_function_and_not_both() -> Result {
    let registry = Registry::new();
    registry.gauge_fn("depth", "Depth", || 1.0)?;
    assert!(matches!(
        registry.gauge_fn("depth", "Depth", || 2.0),
        Err(RegisterError::Series(LabelError::Taken { .. }))
    ));
    assert!(matches!(
        registry.gauge("depth", "Depth").unlabelled(),
        Err(RegisterError::Series(LabelError::Taken { .. }))
    ));
    let full = registry.gauge("fill", "Fill").limit(1).labels(["of"])?;
    full.with(["a"])?;
    assert!(matches!(full.with_fn(["b"], || 1.0), Err(LabelError::Full { limit: 1, .. })));
    Ok(())
}

#[test]
fn a_function_may_register_something_while_it_is_read() -> Result {
    let registry = Registry::new();
    let inner = registry.clone();
    registry.gauge_fn("depth", "Depth", move || match inner.gauge("late", "Late").unlabelled() {
        Ok(late) => late.value(),
        Err(_) => -1.0,
    })?;
    assert_eq!(registry.snapshot().value("depth", &[]), Some(0.0));
    assert!(registry.snapshot().family("late").is_some());
    Ok(())
}

#[test]
fn a_snapshot_is_sorted_and_says_kind_and_unit() -> Result {
    let registry = Registry::new();
    registry.histogram("wait_seconds", "Waits").unlabelled()?;
    let calls = registry.counter("calls_total", "Calls").labels(["method"])?;
    for method in ["c", "a", "b"] {
        calls.with([method])?;
    }
    registry.info("strings_build_info", "What runs", [("version", "1.0")])?;
    registry.info("strings_build_info", "What runs", [("version", "1.0")])?;
    let snapshot = registry.snapshot();
    let shapes: Vec<_> =
        snapshot.families().iter().map(|family| (family.name(), family.kind(), family.unit())).collect();
    assert_eq!(
        shapes,
        [
            ("calls_total", Kind::Counter, Unit::None),
            ("strings_build_info", Kind::Gauge, Unit::None),
            ("wait_seconds", Kind::Histogram, Unit::Seconds),
        ]
    );
    let methods: Vec<_> = snapshot.families()[0].series().iter().map(|series| &*series.label_values()[0]).collect();
    assert_eq!(methods, ["a", "b", "c"]);
    Ok(())
}

#[test]
fn threads_that_resolve_the_same_new_label_set_share_one_series() -> Result {
    let registry = Registry::new();
    let family = registry.counter("calls_total", "Calls").labels(["n"])?;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..200 {
                    family.with([n.to_string()]).unwrap().inc();
                }
            });
        }
    });
    let snapshot = registry.snapshot();
    let calls = snapshot.family("calls_total").ok_or("no family")?;
    assert_eq!(calls.series().len(), 200);
    for n in 0..200 {
        assert_eq!(snapshot.value("calls_total", &[("n", &n.to_string())]), Some(8.0));
    }
    Ok(())
}
