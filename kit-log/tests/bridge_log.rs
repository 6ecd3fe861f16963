//! Events of the `log` crate.

mod support;

use kit_log::bridge::log::{Bridge, install};
use kit_log::{Level, Logger, o};
use support::Writes;

fn bridge() -> (Logger, Bridge, Writes) {
    // As `install` does; the macros look at it whatever logger they are given.
    log::set_max_level(log::LevelFilter::Trace);
    let writes = Writes::default();
    let log = Logger::new(kit_log::logfmt(writes.clone()));
    let bridge = Bridge::new(&log.with(o!("service" => "shop")));
    (log, bridge, writes)
}

#[test]
fn an_event_keeps_its_level_its_target_and_its_fields_in_order() {
    let (log, bridge, writes) = bridge();
    log.levels().set(Level::Trace);
    log::warn!(logger: bridge, target: "hyper::proto", a = 1, b = "x y", c:? = "q", d = 1.5, e = true; "hello {}", "you");
    assert_eq!(
        writes.line(),
        r#"level=warn service=shop msg="hello you" target=hyper::proto a=1 b="x y" c="\"q\"" d=1.5 e=true"#
    );
    for level in log::Level::iter() {
        log::log!(logger: bridge, level, "m");
        assert!(writes.line().starts_with(&format!("level={} ", level.as_str().to_lowercase())));
    }
}

#[test]
fn the_logger_s_levels_decide_by_target_and_while_running() {
    let (log, bridge, writes) = bridge();
    log.levels().replace("info,hyper=warn").expect("a list");
    let both = || {
        log::info!(logger: bridge, target: "hyper::proto", "h");
        log::info!(logger: bridge, target: "shop", "s");
        writes.take().len()
    };
    assert_eq!(both(), 1);
    log.levels().set_target("hyper", Level::Info);
    assert_eq!(both(), 2);
    log.levels().set(None);
    log.levels().remove_target("hyper");
    assert_eq!(both(), 0);
}

#[test]
fn hostile_fields_forge_nothing_and_secrets_stay_secret() {
    let (_, bridge, writes) = bridge();
    log::info!(logger: bridge, target: "a level=error", "password" = "p", "a b" = "x\nlevel=error"; "m\nn");
    assert_eq!(
        writes.line(),
        r#"level=info service=shop msg="m\nn" target="a level=error" password=[redacted] a_b="x\nlevel=error""#
    );
}

#[test]
fn once_installed_it_hears_the_whole_program() {
    let (log, _, writes) = bridge();
    install(&log).expect("nothing was installed");
    log.levels().set(Level::Trace);
    log::trace!(target: "t", "heard");
    assert_eq!(writes.line(), "level=trace msg=heard target=t");
    assert!(install(&log).is_err());
}
