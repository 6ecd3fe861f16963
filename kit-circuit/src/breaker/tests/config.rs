use super::*;

fn read(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

#[test]
fn what_a_file_leaves_out_is_the_default_and_none_switches_it_off() {
    assert_eq!(read("").unwrap(), Config::default());
    let config = read("consecutive = \"none\"\nfailures = \"none\"\nslow = \"none\"").unwrap();
    assert_eq!((config.consecutive, config.failures, config.slow), (None, None, None));
    let config = read("slow = { over = \"2s\" }\nhalf_open = { probes = 3 }\nopen = { told = \"none\" }").unwrap();
    assert_eq!(config.slow, Some(Slow::over(2 * SECOND)));
    assert_eq!(config.half_open, HalfOpen { probes: 3, ..HalfOpen::default() });
    assert_eq!(config.open, OpenTime { told: None, ..OpenTime::default() });
    let config = read("consecutive = 7\nfailures = { window = { time = \"1m\" } }").unwrap();
    assert_eq!(config.consecutive, Some(7));
    assert_eq!(config.failures, Some(Ratio { window: Window::Time(60 * SECOND), ..Ratio::default() }));
}

#[test]
fn what_is_written_is_read_back() {
    let slow = Slow { window: Window::Calls(64), ..Slow::over(SECOND / 4) };
    for config in [
        Config::default(),
        Config::gobreaker(),
        Config { consecutive: None, slow: Some(slow), open: OpenTime::exponential(SECOND), ..Config::default() },
    ] {
        assert_eq!(read(&toml::to_string(&config).unwrap()).unwrap(), config);
    }
}

#[test]
fn a_setting_that_is_not_known_or_not_readable_is_refused_by_name() {
    assert!(read("failure = 1").unwrap_err().contains("unknown field `failure`"));
    assert!(read("failures = { share = 0.5 }").unwrap_err().contains("unknown field `share`"));
    assert!(read("slow = { ratio = 0.5 }").unwrap_err().contains("missing field `over`"));
    assert!(read("consecutive = \"never\"").unwrap_err().contains("\"never\""));
    assert!(read("consecutive = -1").unwrap_err().contains("-1"));
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let good = Config::default();
    let ratio = Ratio::default();
    let slow = Slow::over(SECOND);
    let open = good.open;
    let half_open = good.half_open;
    let with_failures = |failures| Config { failures: Some(failures), ..good };
    let cases = [
        (Config { consecutive: Some(0), ..good }, "consecutive is 0, it must be at least 1"),
        (with_failures(Ratio { ratio: 0.0, ..ratio }), "failures.ratio is 0.0, it must be above 0 and at most 1"),
        (with_failures(Ratio { ratio: 1.1, ..ratio }), "failures.ratio is 1.1, it must be above 0 and at most 1"),
        (with_failures(Ratio { ratio: f64::NAN, ..ratio }), "failures.ratio is NaN, it must be above 0 and at most 1"),
        (with_failures(Ratio { min_calls: 0, ..ratio }), "failures.min_calls is 0, it must be at least 1"),
        (
            with_failures(Ratio { window: Window::Calls(10), ..ratio }),
            "failures.min_calls is 20, it must be at most 10, which is the window",
        ),
        (
            with_failures(Ratio { window: Window::Calls(1_025), ..ratio }),
            "failures.window is 1025, it must be 1 to 1024 calls",
        ),
        (
            with_failures(Ratio { window: Window::Time(SECOND / 2), ..ratio }),
            "failures.window is 500ms, it must be 1s to 1h",
        ),
        (
            Config { slow: Some(Slow { over: Duration::ZERO, ..slow }), ..good },
            "slow.over is 0ns, it must be more than zero, and at most 1h",
        ),
        (
            Config { slow: Some(Slow { ratio: -1.0, ..slow }), ..good },
            "slow.ratio is -1.0, it must be above 0 and at most 1",
        ),
        (
            Config { open: OpenTime { first: Duration::ZERO, ..open }, ..good },
            "open.first is 0ns, it must be more than zero",
        ),
        (
            Config { open: OpenTime { max: SECOND, ..open }, ..good },
            "open.max is 1s, it must be at least 5s, which is open.first",
        ),
        (
            Config { open: OpenTime { factor: 0.5, ..open }, ..good },
            "open.factor is 0.5, it must be within 1.0 to 10.0",
        ),
        (Config { open: OpenTime { jitter: 2.0, ..open }, ..good }, "open.jitter is 2.0, it must be within 0.0 to 1.0"),
        (
            Config { open: OpenTime { told: Some(Duration::ZERO), ..open }, ..good },
            "open.told is 0ns, it must be more than zero",
        ),
        (
            Config { half_open: HalfOpen { probes: 0, ..half_open }, ..good },
            "half_open.probes is 0, it must be within 1 to 1000",
        ),
        (
            Config { half_open: HalfOpen { successes: 1_001, ..half_open }, ..good },
            "half_open.successes is 1001, it must be within 1 to 1000",
        ),
        (
            Config { half_open: HalfOpen { stay: Duration::ZERO, ..half_open }, ..good },
            "half_open.stay is 0ns, it must be more than zero",
        ),
    ];
    for (config, message) in cases {
        assert_eq!(BreakerLayer::new(config).unwrap_err().to_string(), message);
        assert_eq!(BreakerLayer::with(config, ()).unwrap_err().to_string(), message);
    }
    assert!(ConsecutiveFailures::new(0).is_err());
    assert!(FailureRatio::new(Ratio { min_calls: 0, ..ratio }).is_err());
    assert!(SlowCalls::new(Slow { over: Duration::MAX, ..slow }).is_err());
}

#[test]
fn a_breaker_that_nothing_opens_is_refused_unless_it_has_a_strategy_of_its_own() {
    let never = Config { consecutive: None, failures: None, ..Config::default() };
    let error = BreakerLayer::new(never).unwrap_err();
    assert_eq!(
        error.to_string(),
        "consecutive is none, it must be set, or failures or slow: nothing would ever open the breaker"
    );
    BreakerLayer::with(never, ConsecutiveFailures::new(3).unwrap()).unwrap();
}
