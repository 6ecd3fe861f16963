use super::*;
use crate::{Backoff, Policy, Stale, check};

#[track_caller]
fn refused(change: impl FnOnce(&mut Config), message: &str) {
    let mut config = Config::default();
    change(&mut config);
    let endpointer =
        Endpointer::of(Registry::new().instancer("strings").start().unwrap().subscribe(), Lines::default());
    assert_eq!(endpointer.config(config).start().unwrap_err().message(), message);
}

#[tokio::test(start_paused = true)]
async fn a_setting_out_of_its_range_is_refused_by_name() {
    refused(|c| c.make = Duration::ZERO, "make is 0ns, it must be more than zero");
    refused(|c| c.close = Duration::ZERO, "close is 0ns, it must be more than zero");
    let backoff = Backoff { first: 2 * SECOND, max: SECOND };
    refused(|c| c.backoff = backoff, "first is 2s, it must be at most 1s, which is max");
    let policy = Policy { stale: Stale::ServeFor(Duration::ZERO), ..Policy::default() };
    refused(|c| c.policy = policy, "stale is 0ns, it must be more than zero, \"serve\" or \"fail\"");
    refused(|c| c.balance.zone_share = 2.0, "zone_share is 2.0, it must be within 0.0 to 1.0");
    refused(|c| c.balance.ejection.in_a_row = 0, "in_a_row is 0, it must be at least 1");
    let check = check::Config { interval: Duration::ZERO, ..Default::default() };
    refused(|c| c.check = Some(check), "interval is 0ns, it must be more than zero");
}

#[tokio::test(start_paused = true)]
async fn settings_of_checks_without_a_check_are_refused() {
    refused(|c| c.check = Some(check::Config::default()), "check has settings, and there is no check");
}

#[test]
fn settings_are_read_from_a_file_and_unknown_ones_refused() {
    let config: Config = toml::from_str("drain = \"30s\"\n[policy]\nstale = \"fail\"\n[check]\nhealthy = 1").unwrap();
    let policy = Policy { stale: Stale::Fail, ..Policy::default() };
    let check = Some(check::Config { healthy: 1, ..Default::default() });
    assert_eq!(config, Config { drain: 30 * SECOND, policy, check, ..Config::default() });
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    assert!(toml::from_str::<Config>("drian = \"5s\"").is_err());
}
