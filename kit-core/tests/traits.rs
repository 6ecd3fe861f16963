//! What sibling crates share, implemented and used from outside this one.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use kit_core::request_id::RequestIdLayer;
use kit_core::sources::{FixedClock, Ids, Random, RandomIds, SeededRandom, WallClock};
use kit_core::testing::mock;
use kit_core::{
    ByOutcome, Channel, Classify, Code, Context, Endpoint, Error, Factory, Gate, GateState, Instance, Observer,
    Outcome, RequestId, endpoint_fn,
};
use tokio::time::{Instant, advance};

const PAUSE: Duration = Duration::from_secs(1);

/// A breaker reduced to what it shares with others: one failure, as its classifier sees it, and it refuses for a second.
struct Breaker<E, C, O> {
    inner: E,
    classify: C,
    observer: O,
    until: Mutex<Option<Instant>>,
}

/// It began to refuse.
struct Opened {
    until: Instant,
}

impl<E, C, O> Breaker<E, C, O> {
    fn new(inner: E, classify: C, observer: O) -> Self {
        Self { inner, classify, observer, until: Mutex::new(None) }
    }
}

impl<E: Send + Sync, C: Send + Sync, O: Send + Sync> Gate for Breaker<E, C, O> {
    fn state(&self, now: Instant) -> GateState {
        match *self.until.lock().unwrap_or_else(PoisonError::into_inner) {
            None => GateState::Open,
            Some(until) if now < until => GateState::Refused { until: Some(until) },
            Some(_) => GateState::Probing,
        }
    }
}

impl<E, C, O, Req> Endpoint<Req> for Breaker<E, C, O>
where
    E: Endpoint<Req>,
    C: Classify<E::Response>,
    O: Observer<Opened>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        if !self.admits(cx.now()) {
            return Err(Error::unavailable("refused here").with_outcome(Outcome::Rejected));
        }
        let result = self.inner.call(cx, request).await;
        if self.classify.classify(cx, &result).is_failure() {
            let until = cx.stamp() + PAUSE;
            *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
            self.observer.observe(&Opened { until });
        }
        result
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_is_written_with_gate_classifier_and_observer_alone() {
    let (inner, mut calls) = mock::endpoint::<u32, u32>();
    let opened = Mutex::new(Vec::new());
    let observer = |event: &Opened| opened.lock().unwrap().push(event.until);
    let breaker = Breaker::new(inner, ByOutcome, observer);
    let began = Instant::now();

    calls.expect(1).fail(Error::not_found("a business error"));
    breaker.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!(breaker.state(began), GateState::Open);

    calls.expect(2).fail(Error::unavailable("a backend error"));
    breaker.call(&mut Context::new(), 2).await.unwrap_err();
    assert_eq!(breaker.state(began), GateState::Refused { until: Some(began + PAUSE) });
    assert_eq!(*opened.lock().unwrap(), [began + PAUSE]);
    let refused = breaker.call(&mut Context::new(), 3).await.unwrap_err();
    assert_eq!((refused.code(), refused.outcome()), (Code::Unavailable, Outcome::Rejected));

    advance(PAUSE).await;
    assert_eq!(breaker.state(Instant::now()), GateState::Probing);
    calls.expect(4).reply(4);
    assert_eq!(breaker.call(&mut Context::new(), 4).await.unwrap(), 4);
    calls.assert_none();
}

/// Knows that an answer of 0 is a failure.
struct ZeroFails;

impl Classify<u32> for ZeroFails {
    fn classify(&self, cx: &Context, result: &Result<u32, Error>) -> Outcome {
        if matches!(result, Ok(0)) { Outcome::BackendError } else { cx.outcome_of(result) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_classifier_that_knows_better_is_heard() {
    let (inner, mut calls) = mock::endpoint::<u32, u32>();
    let breaker = Breaker::new(inner, ZeroFails, ());
    calls.expect(1).reply(0);
    breaker.call(&mut Context::new(), 1).await.unwrap();
    assert!(!breaker.admits(Instant::now()));
}

/// A connection that counts how many of its kind are open.
struct Line(Arc<AtomicU32>);

impl Channel for Line {
    async fn close(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes lines to instances that are registered as ready.
#[derive(Default)]
struct Lines(Arc<AtomicU32>);

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, instance: &Instance) -> Result<Line, Error> {
        if !instance.tags.iter().any(|tag| &**tag == "ready") {
            return Err(Error::failed_precondition("not ready").with_field("instance", &instance.id));
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Line(Arc::clone(&self.0)))
    }
}

#[tokio::test]
async fn a_factory_makes_one_channel_an_instance() {
    let lines = Lines::default();
    let mut instance = Instance::new("10.0.0.1:80");
    assert!(lines.make(&instance).await.is_err());
    instance.tags.push("ready".into());
    let line = lines.make(&instance).await.unwrap();
    assert_eq!(lines.0.load(Ordering::Relaxed), 1);
    line.close().await;
    assert_eq!(lines.0.load(Ordering::Relaxed), 0);
}

/// A die that is loaded.
struct Always(u64);

impl Random for Always {
    fn bits(&self) -> u64 {
        self.0
    }
}

/// Odd numbers.
#[derive(Default)]
struct Odd(AtomicU64);

impl Ids for Odd {
    fn next_id(&self) -> u128 {
        u128::from(2 * self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[test]
fn chance_is_what_its_source_says() {
    let (lowest, highest) = (Always(0), Always(u64::MAX));
    assert_eq!((lowest.below(6), highest.below(6)), (0, 5));
    assert_eq!((lowest.unit(), lowest.jitter(PAUSE)), (0.0, Duration::ZERO));
    assert!(highest.unit() < 1.0 && highest.jitter(PAUSE) < PAUSE);
    let (one, two) = (RandomIds(SeededRandom::new(7)), RandomIds(SeededRandom::new(7)));
    assert_eq!(one.next_id(), two.next_id());
}

#[tokio::test]
async fn ids_come_from_the_source_that_a_layer_is_given() {
    let endpoint = endpoint_fn(async |cx, ()| Ok(cx.request_id().cloned())).layer(RequestIdLayer::new(Odd::default()));
    for id in [1, 3, 5] {
        assert_eq!(endpoint.call(&mut Context::new(), ()).await.unwrap(), Some(RequestId::from_bits(id)));
    }
}

/// A clock that says whether it was asked.
struct Asked(AtomicBool, FixedClock);

impl WallClock for Asked {
    fn now(&self) -> SystemTime {
        self.0.store(true, Ordering::Relaxed);
        self.1.now()
    }
}

#[test]
fn a_wall_clock_is_set_by_a_test() {
    let clock = Asked(AtomicBool::new(false), FixedClock::at_nanos(0));
    let erased: &dyn WallClock = &clock;
    assert_eq!(erased.now(), SystemTime::UNIX_EPOCH);
    clock.1.advance(PAUSE);
    assert_eq!(erased.now(), SystemTime::UNIX_EPOCH + PAUSE);
    assert!(clock.0.load(Ordering::Relaxed));
}
