//! The rules of chaos. Time stands still until a test moves it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::sources::SeededRandom;
use kit_core::{Code, Context, Endpoint, Error, Outcome, request_fn};
use tokio::time::Instant;

use super::*;

fn inner() -> impl Endpoint<u32, Response = u32> {
    request_fn(async |n: u32| Ok(n))
}

/// The faults of so many calls, as they were told.
async fn faults(config: Config, seed: u64, calls: u32) -> Vec<Vec<Fault>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let layer = ChaosLayer::new(config).unwrap().random(SeededRandom::new(seed)).arm();
    let layer = layer.observe(move |Event::Injected(fault): &Event| hears.lock().unwrap().push(*fault));
    let endpoint = inner().layer(layer);
    let mut all = Vec::new();
    for n in 0..calls {
        let mut cx = Context::new();
        let call = tokio::time::timeout(Duration::from_secs(60), endpoint.call(&mut cx, n));
        let _ = AssertUnwindSafe(call).catch_unwind().await;
        all.push(std::mem::take(&mut *heard.lock().unwrap()));
    }
    all
}

fn some() -> Config {
    Config { enabled: true, latency: 0.3, error: 0.2, hang: 0.1, panic: 0.1, ..Config::default() }
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_unless_it_is_asked_for_twice() {
    let all_fail = Config { enabled: true, error: 1.0, ..Config::default() };
    for (enabled, armed) in [(false, false), (false, true), (true, false), (true, true)] {
        let layer = ChaosLayer::new(Config { enabled, ..all_fail }).unwrap();
        let layer = if armed { layer.arm() } else { layer };
        let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
        assert_eq!(handle.is_on(), enabled && armed);
        assert_eq!(endpoint.call(&mut Context::new(), 1).await.is_err(), enabled && armed);
    }
    assert!(!ChaosLayer::default().arm().handle().is_on(), "by default nothing is enabled");
}

#[tokio::test(start_paused = true)]
async fn either_switch_ends_it_while_it_runs() {
    let layer = ChaosLayer::new(Config { enabled: true, error: 1.0, ..Config::default() }).unwrap().arm();
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    handle.disarm();
    endpoint.call(&mut Context::new(), 1).await.unwrap();
    handle.arm();
    endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    handle.set(Config { enabled: false, ..handle.config() }).unwrap();
    endpoint.call(&mut Context::new(), 1).await.unwrap();
    assert_eq!(handle.stats().errors, 2, "counts go on");
    assert_eq!(handle.set(Config { error: 2.0, ..handle.config() }).unwrap_err().field(), "error");
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_its_faults_again_and_another_gives_others() {
    let (first, again, other) =
        (faults(some(), 7, 200).await, faults(some(), 7, 200).await, faults(some(), 8, 200).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test(start_paused = true)]
async fn one_settings_faults_stay_where_they_are_when_another_changes() {
    let (with, without) = (faults(some(), 7, 200).await, faults(Config { latency: 0.0, ..some() }, 7, 200).await);
    let no_waits = |calls: &[Vec<Fault>]| -> Vec<Vec<Fault>> {
        let keep = |call: &Vec<Fault>| call.iter().copied().filter(|one| !matches!(one, Fault::Latency(_))).collect();
        calls.iter().map(keep).collect()
    };
    assert_ne!(with, without);
    assert_eq!(no_waits(&with), without);
}

#[tokio::test(start_paused = true)]
async fn each_fault_comes_as_often_as_it_is_told_to() {
    let calls = faults(some(), 42, 10_000).await;
    let share = |which: fn(&Fault) -> bool| calls.iter().flatten().filter(|fault| which(fault)).count() as f64 / 1e4;
    for (share, expected) in [
        (share(|fault| matches!(fault, Fault::Latency(_))), 0.3),
        (share(|fault| matches!(fault, Fault::Error(Code::Unavailable))), 0.2),
        (share(|fault| matches!(fault, Fault::Hang)), 0.1),
        (share(|fault| matches!(fault, Fault::Panic)), 0.1),
    ] {
        assert!((share - expected).abs() < 0.02, "{share} for {expected}");
    }
    let waits = calls.iter().flatten().filter_map(|fault| match fault {
        Fault::Latency(wait) => Some(*wait),
        _ => None,
    });
    assert!(waits.clone().all(|wait| (Duration::from_millis(50)..=Duration::from_millis(500)).contains(&wait)));
    let mean = waits.clone().sum::<Duration>().div_f64(waits.count() as f64);
    assert!((Duration::from_millis(265)..Duration::from_millis(285)).contains(&mean), "{mean:?}");
}

#[tokio::test(start_paused = true)]
async fn an_injected_error_is_the_backends_to_every_layer_outside() {
    let config = Config { enabled: true, error: 1.0, error_code: Code::DeadlineExceeded, ..Config::default() };
    let endpoint = inner().layer(ChaosLayer::new(config).unwrap().arm());
    let error = endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Code::DeadlineExceeded, Outcome::TimedOut));
    assert_eq!(error.cause::<Injected>(), Some(&Injected));
    assert!(!error.is_bug());
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_stamped_and_the_call_is_made_after_it() {
    let wait = Duration::from_millis(200);
    let config = Config { enabled: true, latency: 1.0, latency_min: wait, latency_max: wait, ..Config::default() };
    let layer = ChaosLayer::new(config).unwrap().arm();
    let (began, mut cx) = (Instant::now(), Context::new());
    assert_eq!(inner().layer(layer.clone()).call(&mut cx, 7).await.unwrap(), 7);
    assert_eq!((cx.now() - began, layer.handle().stats().latencies), (wait, 1));
}

#[tokio::test(start_paused = true)]
async fn the_numbers_add_up_whatever_happened() {
    let layer = ChaosLayer::new(some()).unwrap().arm();
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    for n in 0..500 {
        let mut cx = Context::new();
        let call = tokio::time::timeout(Duration::from_secs(60), endpoint.call(&mut cx, n));
        let _: Result<Result<Result<u32, Error>, _>, _> = AssertUnwindSafe(call).catch_unwind().await;
    }
    let stats = handle.stats();
    assert_eq!((stats.calls.admitted, stats.calls.running(), stats.calls.refused), (500, 0, 0));
    assert_eq!(stats.calls.failed, stats.errors + stats.panics);
    assert_eq!(stats.calls.cancelled, stats.hangs);
    assert!(stats.hangs > 0 && stats.panics > 0 && stats.errors > 0 && stats.latencies > 0);
}
