//! What the layers of a call refuse, give up and do again.

use kit::circuit::breaker::throttle::ThrottleLayer;
use kit::circuit::breaker::{self, BreakerLayer};
use kit::circuit::budget::{self, Budget};
use kit::circuit::bulkhead::{self, BulkheadLayer};
use kit::circuit::chaos::{self, ChaosLayer};
use kit::circuit::fallback::{Failure, FallbackLayer};
use kit::circuit::hedge::{self, Delay, HedgeLayer};
use kit::circuit::replicate::{self, ReplicateLayer};
use kit::circuit::retry::RetryLayer;
use kit::circuit::timeout::{self, DeadlineLayer, TimeoutLayer};
use kit::metrics::Registry;
use kit::metrics::red::RedLayer;
use kit::{Context, Endpoint as _, Error, Layer as _, observe, request_fn};
use tokio::time::sleep;

use crate::{ECHO, MS, context};

pub(crate) async fn retries(metrics: &Registry) {
    let retry = RetryLayer::default();
    observe::retries(metrics, "tests", &retry.handle()).unwrap();
    let endpoint = retry.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("no"))));
    let mut cx = Context::new();
    cx.set_method(&ECHO);
    assert!(endpoint.call(&mut cx, ()).await.is_err());
    let mut repeat = Context::new();
    repeat.set_method(&ECHO);
    repeat.attempts_mut().set_number(1);
    assert!(endpoint.call(&mut repeat, ()).await.is_err());
}

pub(crate) async fn breaker_and_bulkhead(metrics: &Registry) {
    let config = breaker::Config { consecutive: Some(1), ..breaker::Config::default() };
    let breaker = BreakerLayer::new(config).unwrap();
    observe::breaker(metrics, "tests", &breaker.handle()).unwrap();
    let state = |state| metrics.snapshot().value("kit_breaker_state", &[("client", "tests"), ("state", state)]);
    assert_eq!((state("closed"), state("open")), (Some(1.0), Some(0.0)));
    let endpoint = breaker.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("down"))));
    for _ in 0..2 {
        assert!(endpoint.call(&mut context(), ()).await.is_err());
    }
    assert_eq!((state("closed"), state("open")), (Some(0.0), Some(1.0)));

    let one = BulkheadLayer::new(bulkhead::Config { max: 1, queue: 0, max_wait: None }).unwrap();
    observe::bulkhead(metrics, "tests", &one.handle()).unwrap();
    let endpoint = one.layer(request_fn(async |()| {
        sleep(MS).await;
        Ok(())
    }));
    let (mut first, mut second) = (context(), context());
    let (first, second) = tokio::join!(endpoint.call(&mut first, ()), endpoint.call(&mut second, ()));
    assert!(first.is_ok() && second.is_err());
}

pub(crate) async fn throttle_and_deadline(metrics: &Registry) {
    let throttle = ThrottleLayer::default();
    observe::throttle(metrics, "tests", &throttle.handle()).unwrap();
    let rejecting = throttle.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("down"))));
    for _ in 0..500 {
        assert!(rejecting.call(&mut context(), ()).await.is_err());
    }

    let deadline = DeadlineLayer::default();
    observe::deadlines(metrics, "tests", &deadline.handle()).unwrap();
    let (mut cx, endpoint) = (context(), deadline.layer(request_fn(async |()| Ok(()))));
    let now = cx.now();
    assert!(endpoint.call(&mut cx.scope(Some(now)), ()).await.is_err());
}

pub(crate) async fn limits(metrics: &Registry) {
    let deadline = DeadlineLayer::new(timeout::Config { max: Some(MS), default: Some(MS) }).unwrap();
    let limit = TimeoutLayer::new(MS).unwrap();
    observe::deadlines(metrics, "of a call", &deadline.handle()).unwrap();
    observe::timeouts(metrics, "tests", &limit.handle()).unwrap();
    let hangs = || request_fn(async |()| std::future::pending::<Result<(), Error>>().await);
    assert!(deadline.layer(hangs()).call(&mut context(), ()).await.is_err());
    assert!(limit.layer(hangs()).call(&mut context(), ()).await.is_err());
}

/// A budget of one repeat in all.
fn one_repeat() -> Budget {
    let limit = Budget::new(budget::Config { ratio: 1.0, per_second: 0, ..budget::Config::default() }).unwrap();
    limit.call(tokio::time::Instant::now());
    limit
}

pub(crate) async fn hedges_and_replicas_within_a_budget(metrics: &Registry) {
    let at_once = Delay::Fixed(MS);
    let config = hedge::Config { delay: at_once, ratio: 0.0, per_second: 10, ..hedge::Config::default() };
    let hedge = HedgeLayer::new(config).unwrap();
    let limit = one_repeat();
    observe::hedges(metrics, "tests", &hedge.handle()).unwrap();
    observe::budget(metrics, "tests", &limit).unwrap();
    let endpoint = hedge.budget(&limit).layer(kit::endpoint_fn(async |cx, ()| {
        let first = cx.attempts().number() == 0;
        sleep(if first { 100 * MS } else { MS }).await;
        Ok(())
    }));
    for _ in 0..2 {
        endpoint.call(&mut context(), ()).await.unwrap();
    }

    let config = replicate::Config { copies: 2, ratio: 1.0, per_second: 10 };
    let replicate = ReplicateLayer::new(config).unwrap().budget(&one_repeat());
    observe::replicas(metrics, "tests", &replicate.handle()).unwrap();
    let endpoint = replicate.layer(request_fn(async |()| Ok(())));
    for _ in 0..2 {
        endpoint.call(&mut context(), ()).await.unwrap();
    }
}

pub(crate) async fn fallbacks_and_faults(metrics: &Registry) {
    let faults = chaos::Config { enabled: true, error: 1.0, ..chaos::Config::default() };
    let faults = ChaosLayer::new(faults).unwrap().arm();
    observe::chaos(metrics, "tests", &faults.handle()).unwrap();
    let fails = request_fn(async |_: Failure<()>| Err::<(), _>(Error::unavailable("no")));
    let fallback = FallbackLayer::new(Default::default(), fails).unwrap();
    observe::fallbacks(metrics, "tests", &fallback.handle()).unwrap();
    let endpoint = fallback.layer(faults.layer(request_fn(async |()| Ok(()))));
    assert!(endpoint.call(&mut context(), ()).await.is_err());
}

/// Calls on both sides that a fallback answers.
pub(crate) async fn calls(metrics: &Registry) {
    for red in [RedLayer::client(metrics).unwrap(), RedLayer::server(metrics).unwrap()] {
        let instead = request_fn(async |_: Failure<()>| Ok(()));
        let fallback = FallbackLayer::new(Default::default(), instead).unwrap();
        let down = request_fn(async |()| Err::<(), _>(Error::unavailable("down")));
        red.layer(fallback.layer(down)).call(&mut context(), ()).await.unwrap();
    }
}
