//! What the layers cost on the heap: nothing, for a call that is ready at once.

use std::time::Duration;

use allocation_counter::measure;
use futures_util::FutureExt as _;
use kit_circuit::breaker::{BreakerLayer, Config as BreakerConfig, Ratio, Slow, Window};
use kit_circuit::bulkhead::BulkheadLayer;
#[cfg(feature = "cache")]
use kit_circuit::cache::{CacheLayer, Config};
use kit_circuit::chaos::{self, ChaosLayer};
use kit_circuit::fallback::{Failure, FallbackLayer};
use kit_circuit::hedge::HedgeLayer;
use kit_circuit::retry::RetryLayer;
use kit_circuit::timeout::{DeadlineLayer, TimeoutLayer};
use kit_core::{Context, Endpoint as _, Method, request_fn};

static READ: Method = Method::new("tests", "read").idempotent();

#[test]
fn a_call_that_is_ready_at_once_allocates_nothing() {
    let limit = TimeoutLayer::new(Duration::from_secs(1)).expect("more than zero");
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(limit).layer(DeadlineLayer::default());
    let mut answer = None;
    let cost = measure(|| answer = endpoint.call(&mut Context::new(), 1).now_or_never());
    assert_eq!(answer.expect("ready at once").expect("a number"), 2);
    assert_eq!(cost.count_total, 0);
}

#[test]
fn a_place_that_is_free_allocates_nothing() {
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(BulkheadLayer::default());
    let mut answer = None;
    let cost = measure(|| answer = endpoint.call(&mut Context::new(), 1).now_or_never());
    assert_eq!(answer.expect("ready at once").expect("a number"), 2);
    assert_eq!(cost.count_total, 0);
}

#[cfg(feature = "cache")]
#[test]
fn an_answer_from_memory_allocates_nothing_but_its_clone() {
    let layer = CacheLayer::new(Config::default(), |_: &Context, n: &u32| Some(*n)).expect("the default");
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(layer);
    let ask = || endpoint.call(&mut Context::new(), 1).now_or_never().expect("ready at once").expect("a number");
    assert_eq!(ask(), 2);
    let cost = measure(|| {
        ask();
    });
    assert_eq!(cost.count_total, 0);
}

#[test]
fn a_retry_whose_first_attempt_succeeds_allocates_nothing() {
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(RetryLayer::default());
    let mut answer = None;
    let mut cx = Context::new();
    cx.set_method(&READ);
    // A layer outside has written to the metadata.
    cx.outbound_mut().insert("traceparent", "00-1-2-03").expect("it may travel");
    let cost = measure(|| answer = endpoint.call(&mut cx, 1).now_or_never());
    assert_eq!(answer.expect("ready at once").expect("a number"), 2);
    assert_eq!(cost.count_total, 0);
}

#[test]
fn a_closed_breaker_allocates_nothing_whatever_it_counts() {
    let calls = Ratio { window: Window::Calls(100), ..Ratio::default() };
    let slow = Some(Slow::over(Duration::from_secs(1)));
    for config in [
        BreakerConfig::gobreaker(),
        BreakerConfig::default(),
        BreakerConfig { failures: Some(calls), slow, ..BreakerConfig::default() },
    ] {
        let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(BreakerLayer::new(config).expect("in range"));
        let mut answer = None;
        let cost = measure(|| answer = endpoint.call(&mut Context::new(), 1).now_or_never());
        assert_eq!(answer.expect("ready at once").expect("a number"), 2);
        assert_eq!(cost.count_total, 0);
    }
}

#[test]
fn a_hedge_whose_first_attempt_succeeds_allocates_the_list_that_attempts_share() {
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(HedgeLayer::default());
    let call = |mut cx: Context| {
        measure(|| assert_eq!(endpoint.call(&mut cx, 1).now_or_never().expect("ready at once").expect("a number"), 2))
    };
    let read = || {
        let mut cx = Context::new();
        cx.set_method(&READ);
        cx
    };
    call(read());
    assert_eq!(call(read()).count_total, 1);
    // What may not be hedged shares nothing.
    assert_eq!(call(Context::new()).count_total, 0);
}

#[test]
fn a_call_that_needs_no_fallback_and_meets_no_fault_allocates_nothing() {
    let instead = request_fn(async |failure: Failure<u32>| Ok(failure.request));
    let fallback = FallbackLayer::new(Default::default(), instead).expect("the default");
    let faults = chaos::Config { enabled: true, error: 0.0, ..chaos::Config::default() };
    let faults = ChaosLayer::new(faults).expect("in range").arm();
    let endpoint = request_fn(async |n: u32| Ok(n + 1)).layer(faults).layer(fallback);
    let mut answer = None;
    let cost = measure(|| answer = endpoint.call(&mut Context::new(), 1).now_or_never());
    assert_eq!(answer.expect("ready at once").expect("a number"), 2);
    assert_eq!(cost.count_total, 0);
}
