use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::sources::{Random as _, SeededRandom};
use kit_core::{Code, Context, Endpoint, Error, Method, endpoint_with};
use tokio::time::{Instant, sleep};

use super::*;
use crate::breaker::{self, BreakerLayer, Slow};
use crate::budget::{self, Budget};
use crate::bulkhead::BulkheadLayer;
use crate::hedge::AllFailed;

static READ: Method = Method::new("tests", "read").idempotent();

const SECOND: Duration = Duration::from_secs(1);

fn read() -> Context {
    let mut cx = Context::new();
    cx.set_method(&READ);
    cx
}

fn replicate(copies: u32) -> ReplicateLayer {
    ReplicateLayer::new(Config { copies, ratio: 31.0, per_second: 0 }).unwrap()
}

/// The number of each attempt, and when it began.
type Begun = Arc<Mutex<Vec<(u32, Instant)>>>;

/// Each attempt takes as many seconds as it is told, or fails after them.
fn handlers(answers: Vec<(u32, Result<(), Error>)>) -> (impl Endpoint<u32, Response = u32>, Begun) {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let state = (answers, Arc::clone(&begun));
    let endpoint = endpoint_with(state, async |(answers, begun), cx, _: u32| {
        let number = cx.attempts().number();
        begun.lock().unwrap().push((number, Instant::now()));
        let (seconds, result) = answers[number as usize].clone();
        sleep(seconds * SECOND).await;
        result.map(|()| number)
    });
    (endpoint, begun)
}

/// How many seconds so many calls take on average, and what share of them takes one.
async fn mean_and_share_of_one(endpoint: &impl Endpoint<u32, Response = u32>, calls: u32) -> (f64, f64) {
    let (mut sum, mut ones) = (0, 0);
    for n in 0..calls {
        let began = Instant::now();
        let seconds = endpoint.call(&mut read(), n).await.unwrap();
        assert_eq!(began.elapsed(), seconds * SECOND);
        sum += seconds;
        ones += u32::from(seconds == 1);
    }
    (f64::from(sum) / f64::from(calls), f64::from(ones) / f64::from(calls))
}

/// CC-30: ten handlers that take one to five whole seconds each.
#[tokio::test(start_paused = true)]
async fn of_ten_handlers_of_one_to_five_seconds_the_fastest_takes_1_11_on_average() {
    const CALLS: u32 = 4_000;
    let random = Arc::new(SeededRandom::new(30));
    let handler = endpoint_with(random, async |random, _cx, _: u32| {
        let seconds = 1 + random.below(5) as u32;
        sleep(seconds * SECOND).await;
        Ok(seconds)
    });
    let inside = BulkheadLayer::default();
    let handler = handler.layer(inside.clone());
    let (mean, _) = mean_and_share_of_one(&handler, CALLS).await;
    assert!((mean - 3.0).abs() < 0.07, "one alone: {mean}");
    let layer = replicate(10);
    let (mean, at_one) = mean_and_share_of_one(&handler.layer(layer.clone()), CALLS).await;
    assert!((mean - 1.11).abs() < 0.02, "the fastest of ten: {mean}");
    assert!((at_one - 0.893).abs() < 0.015, "after one second: {at_one}");
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.ok, stats.sent, stats.spent), (4_000, 36_000, 0));
    let health = inside.handle().stats().calls;
    assert_eq!((health.ok, health.failed, health.cancelled), (8_000, 0, 36_000), "losers speak against nobody");
}

#[tokio::test(start_paused = true)]
async fn all_copies_begin_at_once_and_the_first_answer_wins() {
    let (endpoint, begun) = handlers(vec![(3, Ok(())), (1, Ok(())), (2, Ok(()))]);
    let began = Instant::now();
    let mut cx = read();
    assert_eq!(endpoint.layer(replicate(3)).call(&mut cx, 7).await.unwrap(), 1);
    assert_eq!((began.elapsed(), cx.attempts().number()), (SECOND, 1));
    assert_eq!(*begun.lock().unwrap(), [(0, began), (1, began), (2, began)]);
}

#[tokio::test(start_paused = true)]
async fn copies_that_lose_are_not_slow_to_a_breaker() {
    let slow = Slow { min_calls: 2, ..Slow::over(2 * SECOND) };
    let inside = BreakerLayer::new(breaker::Config { slow: Some(slow), ..breaker::Config::default() }).unwrap();
    let handle = inside.handle();
    for calls in 1..=2 {
        assert_eq!(handle.state(), breaker::State::Closed);
        let (endpoint, _) = handlers(vec![(2, Ok(())), (9, Ok(())), (9, Ok(()))]);
        endpoint.layer(inside.clone()).layer(replicate(3)).call(&mut read(), 7).await.unwrap();
        assert_eq!((handle.stats().ok, handle.stats().failed, handle.stats().cancelled), (calls, 0, 2 * calls));
    }
    assert_eq!(handle.reason(), Some(breaker::Reason::Slow { slow: 2, calls: 2 }), "the winners' own time");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_is_made_good_by_the_others() {
    let down = || Err(Error::unavailable("down"));
    let (endpoint, _) = handlers(vec![(0, down()), (2, Ok(())), (1, down())]);
    assert_eq!(endpoint.layer(replicate(3)).call(&mut read(), 7).await.unwrap(), 1);
    let (endpoint, _) = handlers(vec![(0, down()), (1, Err(Error::aborted("last")))]);
    let error = endpoint.layer(replicate(2)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!(error.code(), Code::Aborted, "a conflict is the service's answer");
    let (endpoint, _) = handlers(vec![(1, Err(Error::data_loss("last"))), (0, down())]);
    let error = endpoint.layer(replicate(2)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!(error.message(), "last");
    let failed = error.cause::<AllFailed>().expect("an AllFailed cause");
    assert_eq!(failed.attempts().iter().map(Error::message).collect::<Vec<_>>(), ["down", "last"]);
}

#[tokio::test(start_paused = true)]
async fn as_many_copies_go_out_as_the_budget_allows() {
    let layer = ReplicateLayer::default();
    let (endpoint, begun) = handlers(vec![(0, Ok(())), (0, Ok(()))]);
    let endpoint = endpoint.layer(layer.clone());
    for _ in 0..1_000 {
        endpoint.call(&mut read(), 7).await.unwrap();
    }
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.ok, stats.sent, stats.spent), (1_000, 50, 950));
    // The first answers at once: a copy that has not been polled has not begun.
    assert_eq!(begun.lock().unwrap().len(), 1_000);

    let shared = Budget::new(budget::Config { ratio: 0.0, per_second: 1, ..Default::default() }).unwrap();
    let layer = replicate(32).budget(&shared);
    let handle = layer.handle();
    let (endpoint, begun) = handlers(vec![(1, Ok(())); 32]);
    endpoint.layer(layer).call(&mut read(), 7).await.unwrap();
    assert_eq!((begun.lock().unwrap().len(), handle.stats().sent, handle.stats().spent), (11, 10, 1));
}

#[tokio::test(start_paused = true)]
async fn only_what_may_run_twice_and_is_no_repeat_is_replicated() {
    let mut repeat = read();
    repeat.attempts_mut().set_number(1);
    for mut cx in [Context::new(), repeat] {
        let (endpoint, begun) = handlers(vec![(1, Ok(())), (1, Ok(()))]);
        endpoint.layer(replicate(2)).call(&mut cx, 7).await.unwrap();
        assert_eq!(begun.lock().unwrap().len(), 1);
    }
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| ReplicateLayer::new(config).unwrap_err().to_string();
    let config = Config::default();
    assert_eq!(message(Config { copies: 1, ..config }), "copies is 1, it must be within 2 to 32");
    assert_eq!(message(Config { ratio: -1.0, ..config }), "ratio is -1.0, it must be within 0.0 to 31.0");
    let handle = ReplicateLayer::default().handle();
    handle.set(Config { per_second: 10_001, ..config }).unwrap_err();
    handle.set(Config { copies: 3, ..config }).unwrap();
    assert_eq!(handle.config().copies, 3);
    assert!(toml::from_str::<Config>("n = 3").unwrap_err().message().contains("unknown field `n`"));
    let text = toml::to_string(&config).unwrap();
    assert_eq!((text.as_str(), toml::from_str(&text).unwrap()), ("copies = 2\nratio = 0.05\nper_second = 0\n", config));
}
