use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::sources::SeededRandom;
use kit_core::{Code, Context, Endpoint, Error, Outcome, Retry, endpoint_fn, endpoint_with};
use tokio::time::{Instant, advance, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Answers what it is asked to.
fn echo() -> impl Endpoint<Result<u8, Error>, Response = u8> {
    endpoint_fn(async |_cx, answer: Result<u8, Error>| answer)
}

fn down() -> Result<u8, Error> {
    Err(Error::unavailable("down"))
}

fn layer(config: Config, seed: u64) -> ThrottleLayer {
    ThrottleLayer::new(config).unwrap().random(SeededRandom::new(seed))
}

/// A backend that can accept this share of what is offered, and saves up to ten calls' worth.
fn overloaded(share: f64) -> impl Endpoint<u32, Response = u32> {
    endpoint_with((share, Mutex::new((Instant::now(), 10.0_f64))), async |(share, state), cx, n: u32| {
        let mut state = state.lock().unwrap();
        let passed = (cx.now() - state.0).as_secs_f64() * 100.0;
        *state = (cx.now(), (state.1 + passed * share).min(10.0));
        if state.1 < 1.0 {
            return Err(Error::unavailable("overloaded"));
        }
        state.1 -= 1.0;
        Ok(n)
    })
}

/// 10,000 calls at 100 a second: how many were refused here, and the sum of their chances.
async fn refused(k: f64, rejects: f64) -> (f64, f64) {
    let layer = layer(Config { k, most: 1.0, ..Config::default() }, (k * 1_000.0 + rejects * 100.0) as u64);
    let throttle = layer.handle();
    let endpoint = overloaded(1.0 - rejects).layer(layer);
    let (mut sum, mut requests, mut accepts) = (0.0, 0.0, 0.0);
    for n in 0..10_000 {
        advance(SECOND / 100).await;
        let formula = f64::max(0.0, (requests - k * accepts) / (requests + 1.0));
        let chance = throttle.chance();
        assert!((chance - formula).abs() < 1e-9, "call {n}: {chance}, by the formula {formula}");
        sum += chance;
        requests += 1.0;
        accepts += f64::from(endpoint.call(&mut Context::new(), n).await.is_ok());
    }
    (throttle.stats().refused as f64, sum)
}

#[tokio::test(start_paused = true)]
async fn over_10_000_calls_the_share_refused_is_that_of_the_formula_within_2_percent() {
    for k in [1.1, 1.5, 2.0] {
        for tenths in 1..=9 {
            let rejects = f64::from(tenths) / 10.0;
            let (refused, chances) = refused(k, rejects).await;
            assert!((refused - chances).abs() <= 0.02 * 10_000.0, "k {k}, {rejects}: {refused} of {chances}");
            // A backend that accepts so much a second is sent k times that.
            let settled = f64::max(0.0, 1.0 - k * (1.0 - rejects)) * 10_000.0;
            assert!((refused - settled).abs() <= 0.02 * 10_000.0, "k {k}, {rejects}: {refused}, settled {settled}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_accepts_all_is_sent_all() {
    let layer = layer(Config::default(), 1);
    let (throttle, endpoint) = (layer.handle(), echo().layer(layer));
    for n in 0..1_000_u32 {
        let answer = if n % 2 == 0 { Ok(1) } else { Err(Error::not_found("no such row")) };
        let _ = endpoint.call(&mut Context::new(), answer).await;
    }
    let counts = throttle.stats();
    assert_eq!((throttle.chance(), counts.ok, counts.admitted, counts.refused), (0.0, 1_000, 1_000, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_its_chance_and_reaches_nobody() {
    let told = std::sync::Arc::new(Mutex::new(Vec::new()));
    let heard = std::sync::Arc::clone(&told);
    let layer = layer(Config { most: 1.0, ..Config::default() }, 1).named("backend");
    let layer = layer.observe(move |event: &Event| heard.lock().unwrap().push(event.clone()));
    let (throttle, endpoint) = (layer.handle(), echo().layer(layer));
    let mut refused = 0;
    for _ in 0..200 {
        let chance = throttle.chance();
        let error = endpoint.call(&mut Context::new(), down()).await.unwrap_err();
        let Some(throttled) = error.cause::<Throttled>() else { continue };
        assert_eq!((error.code(), error.outcome(), error.retry()), (Code::Unavailable, Outcome::Rejected, Retry::Safe));
        assert_eq!(throttled.chance(), chance);
        refused += 1;
    }
    let counts = throttle.stats();
    assert_eq!((counts.refused, counts.failed, counts.offered()), (refused, 200 - refused, 200));
    assert!(refused > 150);
    let told = told.lock().unwrap();
    assert!(matches!(&told[0], Event::Refused { name: Some(name), .. } if &**name == "backend"));
    assert_eq!(told.len() as u64, refused);
}

#[tokio::test(start_paused = true)]
async fn even_a_dead_backend_is_sent_a_call_in_a_hundred() {
    let layer = layer(Config::default(), 5);
    let (throttle, endpoint) = (layer.handle(), echo().layer(layer));
    for _ in 0..50_000 {
        let _ = endpoint.call(&mut Context::new(), down()).await;
    }
    assert_eq!(throttle.chance(), 0.99);
    assert!((400..800).contains(&throttle.stats().failed), "{:?}", throttle.stats());
}

#[tokio::test(start_paused = true)]
async fn what_was_rejected_is_forgotten_after_the_window() {
    let layer = layer(Config::default(), 1);
    let (throttle, endpoint) = (layer.handle(), echo().layer(layer));
    for _ in 0..10 {
        let _ = endpoint.call(&mut Context::new(), down()).await;
    }
    assert!(throttle.chance() > 0.9);
    advance(107 * SECOND).await;
    assert!(throttle.chance() > 0.9);
    advance(13 * SECOND).await;
    assert_eq!(throttle.chance(), 0.0);
}

#[tokio::test(start_paused = true)]
async fn refusals_further_in_and_cancellations_are_no_requests_and_a_late_drop_is_one() {
    let layer = layer(Config::default(), 1);
    let throttle = layer.handle();
    let endpoint = echo().layer(layer.clone());
    let rejected = Error::unavailable("full").with_outcome(Outcome::Rejected);
    endpoint.call(&mut Context::new(), Err(rejected)).await.unwrap_err();
    let hangs = endpoint_fn(async |_cx, (): ()| std::future::pending::<Result<(), Error>>().await).layer(layer);
    assert!(hangs.call(&mut Context::new(), ()).now_or_never().is_none());
    assert_eq!((throttle.chance(), throttle.stats().cancelled), (0.0, 2));
    let mut cx = Context::new().with_deadline(Some(Instant::now() + SECOND));
    assert!(timeout(SECOND, hangs.call(&mut cx, ())).await.is_err());
    assert_eq!((throttle.chance(), throttle.stats().failed), (0.5, 1));
}

#[tokio::test(start_paused = true)]
async fn settings_change_and_counts_are_kept() {
    let layer = layer(Config { most: 1.0, ..Config::default() }, 1);
    let (throttle, endpoint) = (layer.handle(), echo().layer(layer));
    for _ in 0..20 {
        endpoint.call(&mut Context::new(), Ok(1)).await.unwrap();
    }
    for _ in 0..10 {
        let _ = endpoint.call(&mut Context::new(), down()).await;
    }
    assert_eq!(throttle.chance(), 0.0);
    throttle.set(Config { k: 1.1, window: 10 * SECOND, most: 1.0 }).unwrap();
    assert!((throttle.chance() - (30.0 - 22.0) / 31.0).abs() < 1e-9);
    let error = throttle.set(Config { k: 0.5, ..Config::default() }).unwrap_err();
    assert_eq!(error.to_string(), "k is 0.5, it must be within 1.0 to 100.0");
    assert_eq!(throttle.config().k, 1.1);
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| ThrottleLayer::new(config).unwrap_err().to_string();
    let good = Config::default();
    assert_eq!(message(Config { k: f64::NAN, ..good }), "k is NaN, it must be within 1.0 to 100.0");
    assert_eq!(message(Config { window: Duration::ZERO, ..good }), "window is 0ns, it must be within 1s to 3600s");
    assert_eq!(message(Config { most: 1.5, ..good }), "most is 1.5, it must be within 0.0 to 1.0");
    let config: Config = toml::from_str("k = 1.5\nwindow = \"1m\"").unwrap();
    assert_eq!(config, Config { k: 1.5, window: 60 * SECOND, ..good });
    assert!(toml::from_str::<Config>("ratio = 2").is_err());
}
