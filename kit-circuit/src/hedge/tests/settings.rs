//! Settings and events.

use super::*;

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| HedgeLayer::new(config).unwrap_err().to_string();
    let config = Config::default();
    assert_eq!(message(Config { attempts: 1, ..config }), "attempts is 1, it must be within 2 to 10");
    assert_eq!(message(Config { ratio: 1.1, ..config }), "ratio is 1.1, it must be within 0.0 to 1.0");
    let delay = Delay::Fixed(Duration::ZERO);
    assert_eq!(message(Config { delay, ..config }), "delay is 0ns, it must be more than zero");
    for percent in [49.9, 100.0, f64::NAN] {
        let line = message(Config { delay: Delay::Percentile(percent), ..config });
        assert!(line.starts_with("delay is ") && line.ends_with("within 50.0 to 99.9"), "{line}");
    }
    let handle = HedgeLayer::default().handle();
    handle.set(Config { per_second: 10_001, ..config }).unwrap_err();
    assert_eq!(handle.config(), config);
}

#[test]
fn a_delay_is_written_as_people_do() {
    let config: Config = toml::from_str("delay = \"p99.5\"").unwrap();
    assert_eq!(config.delay, Delay::Percentile(99.5));
    let config: Config = toml::from_str("delay = \"1s 500ms\"").unwrap();
    assert_eq!(config.delay, Delay::Fixed(1_500 * MS));
    let error = toml::from_str::<Config>("delay = \"pretty soon\"").unwrap_err();
    assert!(error.message().contains("\"pretty soon\" is neither a percentile"), "{}", error.message());
    assert!(toml::from_str::<Config>("after = \"50ms\"").unwrap_err().message().contains("unknown field `after`"));
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    let text = toml::to_string(&Config::default()).unwrap();
    assert_eq!(text, "attempts = 2\ndelay = \"p95\"\nratio = 0.05\nper_second = 0\n");
    for delay in [Delay::Percentile(99.9), Delay::Fixed(250 * MS)] {
        let config = Config { delay, ..Config::default() };
        assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_attempts_that_were_sent_and_won() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&heard);
    let layer = hedge(2).observe(move |event: &Event| {
        let line = match event {
            Event::Sent { method, number, after } => {
                format!("{} {number} sent after {after:?}", method.unwrap().name())
            }
            Event::Won { method, number } => format!("{} {number} won", method.unwrap().name()),
            Event::Spent { .. } => unreachable!("there is enough"),
        };
        telling.lock().unwrap().push(line);
    });
    for attempts in [vec![Reply(10)], vec![Reply(60), Hang], vec![Hang, Reply(10)]] {
        Backend::new(attempts).endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap();
    }
    assert_eq!(*heard.lock().unwrap(), ["read 1 sent after 50ms", "read 1 sent after 50ms", "read 1 won"]);
}
