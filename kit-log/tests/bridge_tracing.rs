//! Events of `tracing`.

mod support;

use kit_log::bridge::tracing::Bridge;
use kit_log::{Level, Logger, o};
use support::Writes;
use tracing::subscriber::with_default;

fn bridge() -> (Logger, Bridge, Writes) {
    let writes = Writes::default();
    let log = Logger::new(kit_log::logfmt(writes.clone()));
    let bridge = Bridge::new(&log.with(o!("service" => "shop")));
    (log, bridge, writes)
}

#[test]
fn an_event_keeps_its_level_its_target_and_its_fields_in_order() {
    let (log, bridge, writes) = bridge();
    log.levels().set(Level::Trace);
    let error = std::io::Error::other("disk full");
    with_default(bridge, || {
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::warn!(target: "hyper::proto", a = 1, b = "x y", c = ?"q", d = 1.5, e = true, f = %"z", error, r#type = 7,
            "hello {}", "you");
        assert_eq!(
            writes.line(),
            "level=warn service=shop msg=\"hello you\" target=hyper::proto a=1 b=\"x y\" c=\"\\\"q\\\"\" d=1.5 e=true \
             f=z error=\"disk full\" type=7"
        );
        tracing::trace!(message = "a text");
        assert_eq!(writes.line(), "level=trace service=shop msg=\"a text\" target=bridge_tracing");
        tracing::error!(only = 1);
        assert_eq!(writes.line(), "level=error service=shop target=bridge_tracing only=1");
        tracing::info!("i");
        tracing::debug!("d");
        let lines = writes.take().concat();
        assert!(lines.contains("level=info") && lines.contains("level=debug"));
    });
}

#[test]
fn the_logger_s_levels_decide_by_target_and_while_running() {
    let (log, bridge, writes) = bridge();
    log.levels().replace("info,hyper=warn").expect("a list");
    with_default(bridge, || {
        let both = || {
            tracing::info!(target: "hyper::proto", "h");
            tracing::info!(target: "shop", "s");
            writes.take().len()
        };
        assert_eq!(both(), 1);
        log.levels().set_target("hyper", Level::Info);
        assert_eq!(both(), 2);
        log.levels().set(None);
        log.levels().remove_target("hyper");
        assert_eq!(both(), 0);
    });
}

#[test]
fn a_refused_event_evaluates_nothing() {
    let (_, bridge, _) = bridge();
    with_default(bridge, || {
        let mut evaluated = false;
        tracing::debug!(
            value = {
                evaluated = true;
                1
            }
        );
        assert!(!evaluated);
    });
}

#[test]
fn events_within_spans_are_printed_and_spans_are_not() {
    let (_, bridge, writes) = bridge();
    with_default(bridge, || {
        let span = tracing::info_span!("request", id = 7);
        span.in_scope(|| tracing::info!("inside"));
        assert_eq!(writes.line(), "level=info service=shop msg=inside target=bridge_tracing");
    });
}

#[test]
fn hostile_fields_forge_nothing_and_secrets_stay_secret() {
    let (_, bridge, writes) = bridge();
    with_default(bridge, || {
        tracing::info!(target: "t", password = "p", "http.url" = "x\nlevel=error", level = "error", "m\u{1b}[31m");
    });
    assert_eq!(
        writes.line(),
        r#"level=info service=shop msg="m\u001b[31m" target=t password=[redacted] http.url="x\nlevel=error" level_=error"#
    );
}
