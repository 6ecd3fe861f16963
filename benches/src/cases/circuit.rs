//! What layers of kit-circuit cost a call that succeeds, beside the breakers of others.
//!
//! A name is `layer/who`. Kit's are given the call's time, as in a stack that has read the clock; the others read it for themselves,
//! where they do. With two threads each call has a context of its own.

use std::hint::black_box;
use std::pin::pin;
use std::time::Duration;

use failsafe::CircuitBreaker as _;
use futures_util::FutureExt as _;
use kit::circuit::breaker::{self, BreakerLayer, Ratio, Slow, Window};
use kit::circuit::bulkhead::BulkheadLayer;
use kit::circuit::hedge::HedgeLayer;
use kit::circuit::retry::RetryLayer;
use kit::circuit::timeout::TimeoutLayer;
use kit::{Context, Endpoint, request_fn};
use recloser::Recloser;
use tokio::time::Instant;
use tower::{Layer as _, Service, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use super::Cases;
use crate::task::UPPERCASE;

pub(super) fn cases(cases: &mut impl Cases) {
    let limit = || TimeoutLayer::new(Duration::from_secs(1)).expect("in range");
    case(cases, "no layer/kit", base());
    case(cases, "breaker/kit", base().layer(BreakerLayer::default()));
    case(cases, "breaker/kit, all strategies", base().layer(strict()));
    peers(cases);

    let endpoint = base();
    cases.contended("no layer, two threads/kit", || fresh(&endpoint));
    let endpoint = base().layer(BreakerLayer::default());
    cases.contended("breaker, two threads/kit", || fresh(&endpoint));
    contended_peers(cases);

    case(cases, "retry/kit", base().layer(RetryLayer::default()));
    case(cases, "timeout/kit", base().layer(limit()));
    let stack = base().layer(BreakerLayer::default()).layer(limit()).layer(RetryLayer::default());
    case(cases, "breaker, retry, timeout/kit", stack);
    case(cases, "bulkhead/kit", base().layer(BulkheadLayer::default()));
    // Attempts share a list from the first hedged call of a context on: each has a context of its own here.
    let hedged = base().layer(HedgeLayer::default());
    cases.case("hedge and a context/kit", || fresh(&hedged));
}

fn base() -> impl Endpoint<u64, Response = u64> + 'static {
    request_fn(async |request: u64| Ok(request.wrapping_add(1)))
}

/// Everything counts: a row, a share of failures over calls, a share of slow calls.
fn strict() -> BreakerLayer {
    let failures = Some(Ratio { window: Window::Calls(100), ..Ratio::default() });
    let slow = Some(Slow::over(Duration::from_secs(1)));
    BreakerLayer::new(breaker::Config { failures, slow, ..breaker::Config::default() }).expect("in range")
}

fn case(cases: &mut impl Cases, name: &'static str, endpoint: impl Endpoint<u64, Response = u64>) {
    let mut cx = Context::at(Instant::now());
    cx.set_method(&UPPERCASE);
    cases.case(name, || answer(&endpoint, &mut cx));
}

/// A call with a context of its own, at a time that costs nothing.
fn fresh(endpoint: &impl Endpoint<u64, Response = u64>) {
    thread_local!(static NOW: Instant = Instant::now());
    let mut cx = Context::at(NOW.with(|now| *now));
    cx.set_method(&UPPERCASE);
    answer(endpoint, &mut cx);
    cx.finish();
}

fn answer(endpoint: &impl Endpoint<u64, Response = u64>, cx: &mut Context) {
    let answer = black_box(endpoint).call(cx, black_box(1)).now_or_never().expect("nothing waits");
    assert!(matches!(black_box(answer), Ok(2)), "the wrong answer");
}

/// What they all wrap.
fn increment(request: u64) -> Result<u64, ()> {
    Ok(black_box(request).wrapping_add(1))
}

fn peers(cases: &mut impl Cases) {
    let failsafe = failsafe::Config::new().build();
    cases.case("breaker/failsafe", || right(black_box(&failsafe).call(|| increment(1)).ok()));
    let recloser = Recloser::default();
    cases.case("breaker/recloser", || right(black_box(&recloser).call(|| increment(1)).ok()));
    let mut tower = tower_resilience();
    cases.case("breaker/tower-resilience", || right(spin(black_box(&mut tower))));
}

fn contended_peers(cases: &mut impl Cases) {
    let failsafe = failsafe::Config::new().build();
    cases.contended("breaker, two threads/failsafe", || right(black_box(&failsafe).call(|| increment(1)).ok()));
    let recloser = Recloser::default();
    cases.contended("breaker, two threads/recloser", || right(black_box(&recloser).call(|| increment(1)).ok()));
    // Its service is called by `&mut`: each call has a clone, as in a server.
    let tower = tower_resilience();
    cases.contended("breaker, two threads/tower-resilience", || right(spin(&mut black_box(&tower).clone())));
}

fn right(answer: Option<u64>) {
    assert_eq!(black_box(answer), Some(2), "the wrong answer");
}

fn tower_resilience() -> impl Service<u64, Response = u64> + Clone + Send + Sync {
    let layer = CircuitBreakerLayer::builder().build().expect("the defaults are good");
    layer.layer(service_fn(async |request: u64| increment(request)))
}

/// It has an async lock, so a call beside another may wait: asked again at once, which is the least it can take.
fn spin(service: &mut impl Service<u64, Response = u64>) -> Option<u64> {
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    while service.poll_ready(&mut task).is_pending() {}
    let mut call = pin!(service.call(black_box(1)));
    loop {
        if let Some(answer) = call.as_mut().now_or_never() {
            return answer.ok();
        }
        std::hint::spin_loop();
    }
}
