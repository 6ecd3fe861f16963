//! Settings, events and counts.

use super::*;

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| RetryLayer::new(config).unwrap_err().to_string();
    let config = Config::default();
    assert_eq!(message(Config { attempts: 0, ..config }), "attempts is 0, it must be within 1 to 1000");
    assert_eq!(message(Config { attempts: 1_001, ..config }), "attempts is 1001, it must be within 1 to 1000");
    let zero = Some(Duration::ZERO);
    assert_eq!(message(Config { per_try: zero, ..config }), "per_try is 0ns, it must be more than zero");
    let config = Config { first_pause: Duration::ZERO, ..config };
    assert_eq!(message(config), "first_pause is 0ns, it must be more than zero");
    let config = Config { first_pause: 2_000 * MS, ..config };
    assert_eq!(message(config), "first_pause is 2s, it must be at most 1s, which is max_pause");
}

#[test]
fn what_a_file_leaves_out_is_the_default_and_what_it_gets_wrong_is_refused() {
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    let error = toml::from_str::<Config>("retries = 2").unwrap_err();
    assert!(error.message().contains("unknown field `retries`"));
    let text = toml::to_string(&Config::default()).unwrap();
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), Config::default());
}

#[test]
fn a_pause_that_cannot_grow_stays_the_longest() {
    let config = Config { max_pause: Duration::MAX, ..Config::default() }.check().unwrap();
    assert_eq!(config.limit(1), Duration::from_millis(25));
    assert_eq!(config.limit(3), Duration::from_millis(100));
    assert!(config.limit(33) >= config.limit(32) && config.limit(1_000) == config.limit(33));
}

#[tokio::test(start_paused = true)]
async fn a_limit_past_the_end_of_time_is_none() {
    let config = Config { per_try: Some(Duration::MAX), ..Config::default() };
    let layer = RetryLayer::new(config).unwrap();
    let sleeps = endpoint_with(86_400_000 * MS, async |time, _cx, id: u32| {
        sleep(*time).await;
        Ok(id)
    });
    assert_eq!(sleeps.layer(layer.clone()).call(&mut read(), 7).await.unwrap(), 7);
    assert_eq!(layer.handle().config(), config);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_runs_goes_by_other_settings_from_its_next_attempt_on() {
    let layer = retry(3);
    let handle = layer.handle();
    let hangs = endpoint_with((), async |(), _cx, _: u32| {
        sleep(1_000 * MS).await;
        Err::<u32, _>(down())
    });
    let endpoint = hangs.layer(layer);
    let mut cx = read();
    let change = async {
        sleep(500 * MS).await;
        handle.set(Config { attempts: 2, per_try: Some(100 * MS), ..Config::default() }).unwrap();
    };
    let (result, ()) = tokio::join!(endpoint.call(&mut cx, 7), change);
    let error = result.unwrap_err();
    assert_eq!((error.code(), gave_up(&error)), (Code::DeadlineExceeded, (Why::Attempts, 2)));
}

#[tokio::test(start_paused = true)]
async fn settings_change_for_the_calls_that_follow_and_counts_go_on() {
    let layer = retry(1);
    let handle = layer.handle();
    let script = Script::failing((0..9).map(|_| down()));
    let endpoint = script.endpoint().layer(layer);
    endpoint.call(&mut read(), 7).await.unwrap_err();
    assert_eq!(script.made(), 1);
    handle.set(Config { attempts: 4, ..handle.config() }).unwrap();
    endpoint.call(&mut read(), 7).await.unwrap_err();
    assert_eq!(script.made(), 5);
    handle.set(Config { attempts: 0, ..handle.config() }).unwrap_err();
    assert_eq!(handle.config().attempts, 4);
    let stats = handle.stats();
    assert_eq!((stats.calls.offered(), stats.calls.failed, stats.repeats), (2, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_failed_attempts_and_of_nothing_else() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&heard);
    let layer = retry(2).observe(move |event: &Event| {
        let (method, line) = match event {
            Event::Again { method, failed, pause, error } => {
                assert!(*pause < 25 * MS);
                (method, format!("again after {failed}: {error}"))
            }
            Event::GaveUp { method, failed, why, error } => {
                (method, format!("gave up after {failed}, {}: {error}", why.as_str()))
            }
        };
        assert_eq!(method.map(|method| method.name()), Some("read"));
        telling.lock().unwrap().push(line);
    });
    let handle = layer.handle();
    let script = Script::failing([down(), down(), Error::not_found("no such row")]);
    let endpoint = script.endpoint().layer(layer);
    endpoint.call(&mut read(), 7).await.unwrap_err();
    endpoint.call(&mut read(), 7).await.unwrap_err();
    endpoint.call(&mut read(), 7).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), ["again after 1: down", "gave up after 2, attempts: down"]);
    let stats = handle.stats();
    assert_eq!((stats.calls.ok, stats.calls.failed, stats.calls.cancelled), (2, 1, 0));
    assert_eq!((stats.repeats, stats.gave_up(Why::Attempts), stats.suppressed), (1, 1, 0));
}
