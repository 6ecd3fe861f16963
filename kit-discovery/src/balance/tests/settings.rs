use super::*;
use crate::ejection;

#[track_caller]
fn refused(change: impl FnOnce(&mut Config), message: &str) {
    let mut config = Config::default();
    change(&mut config);
    assert_eq!(Roster::<()>::new(config).unwrap_err().message(), message);
}

#[tokio::test(start_paused = true)]
async fn a_setting_out_of_its_range_is_refused_by_name() {
    refused(|c| c.zone_share = 1.5, "zone_share is 1.5, it must be within 0.0 to 1.0");
    refused(|c| c.slow_start_from = 0.0, "slow_start_from is 0.0, it must be above 0.0 and at most 1.0");
    refused(|c| c.decay = Duration::ZERO, "decay is 0ns, it must be more than zero");
    refused(|c| c.ejection.in_a_row = 0, "in_a_row is 0, it must be at least 1");
    refused(|c| c.ejection.min_calls = 0, "min_calls is 0, it must be at least 1");
    refused(|c| c.ejection.ratio = f64::NAN, "ratio is NaN, it must be above 0.0 and at most 1.0");
    refused(|c| c.ejection.max_share = -0.1, "max_share is -0.1, it must be within 0.0 to 1.0");
    refused(|c| c.ejection.panic_below = 2.0, "panic_below is 2.0, it must be within 0.0 to 1.0");
    refused(|c| c.ejection.window = MS, "window is 1ms, it must be at least 10ms");
    refused(|c| c.ejection.base = Duration::ZERO, "base is 0ns, it must be more than zero");
    refused(|c| c.ejection.max = 5 * SECOND, "max is 5s, it must be at least 1.2 times 5s, which is base");
}

#[test]
fn settings_are_read_from_a_file_and_unknown_ones_refused() {
    let config: Config = toml::from_str("decay = \"5s\"\n[ejection]\nbase = \"1s\"").unwrap();
    let ejection = ejection::Config { base: SECOND, ..Default::default() };
    assert_eq!(config, Config { decay: 5 * SECOND, ejection, ..Default::default() });
    assert!(toml::from_str::<Config>("slowstart = \"5s\"").is_err());
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
}
