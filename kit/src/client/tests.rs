use std::future::pending;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_circuit::breaker::{Open, State};
use kit_circuit::fallback::{Failure, FallbackLayer};
use kit_core::{Code, Context, Endpoint, Error, Method, endpoint_fn, endpoint_with, request_fn};
use kit_log::{Logger, logfmt};
use kit_metrics::Registry;
use tokio::time::Instant;

use super::{Stack, slot};

static GET: Method = Method::new("profiles", "get").idempotent();
static PUT: Method = Method::new("profiles", "put");

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

fn stack() -> Stack {
    Stack::new(&GET, &Logger::discard(), &Registry::new()).unwrap()
}

/// Fails so often, then answers.
fn flaky(times: u32) -> (Arc<AtomicU32>, impl Endpoint<u32, Response = u32> + Clone) {
    let asked = Arc::new(AtomicU32::new(0));
    let endpoint = endpoint_with((Arc::clone(&asked), times), async |(asked, times), _cx, id: u32| {
        match asked.fetch_add(1, Ordering::Relaxed) < *times {
            true => Err(Error::unavailable("down")),
            false => Ok(id),
        }
    });
    (asked, endpoint)
}

#[test]
fn the_slots_are_listed_in_their_order_with_what_is_in_them() {
    let stack = stack().remove(slot::Log).replace(slot::Limit, kit_core::ChildLayer::new(&PUT));
    let expected = "child             ChildLayer\n\
                    trace             -\n\
                    metrics           RedLayer\n\
                    log               -\n\
                    deadline          DeadlineLayer\n\
                    fallback          -\n\
                    cache             -\n\
                    single_flight     -\n\
                    retry             RetryLayer\n\
                    hedge             -\n\
                    balance           -\n\
                    attempt_timeout   TimeoutLayer\n\
                    limit             ChildLayer\n\
                    shed              -\n\
                    breaker           BreakerLayer\n\
                    bulkhead          -\n";
    assert_eq!(stack.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_three_attempts_is_one_count_and_one_line() {
    let (sink, metrics) = (Sink::default(), Registry::new());
    let stack = Stack::new(&GET, &Logger::new(logfmt(sink.clone())), &metrics).unwrap();
    let (asked, endpoint) = flaky(2);
    let endpoint = endpoint.layer(stack);
    let mut cx = Context::new();
    assert_eq!(endpoint.call(&mut cx, 7).await.unwrap(), 7);
    assert_eq!((asked.load(Ordering::Relaxed), cx.method().is_none()), (3, true));
    let labels = [("service", "profiles"), ("method", "get"), ("outcome", "success"), ("code", "OK")];
    assert_eq!(metrics.snapshot().value("kit_client_requests_total", &labels), Some(1.0));
    let lines = sink.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("side=client method=profiles.get outcome=success") && lines[0].contains("attempts=3"));
}

#[tokio::test(start_paused = true)]
async fn the_breaker_learns_of_attempts_and_is_that_of_all_methods_of_the_callee() {
    let stack = stack();
    let (asked, endpoint) = flaky(u32::MAX);
    let put = endpoint.clone().layer(stack.clone().of(&PUT));
    let get = endpoint.layer(stack.clone());
    for _ in 0..2 {
        get.call(&mut Context::new(), 1).await.unwrap_err();
    }
    let breaker = stack.get(slot::Breaker).handle();
    assert_eq!((breaker.state(), asked.load(Ordering::Relaxed)), (State::Open, 5));
    let error = put.call(&mut Context::new(), 1).await.unwrap_err();
    assert!(error.cause::<Open>().is_some(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_leaves_time_for_others_and_the_call_ends_at_its_deadline() {
    let asked = Arc::new(AtomicU32::new(0));
    let hangs = endpoint_with(Arc::clone(&asked), async |asked, _cx, _: u32| {
        asked.fetch_add(1, Ordering::Relaxed);
        pending::<Result<u32, Error>>().await
    });
    let endpoint = hangs.layer(stack());
    let began = Instant::now();
    let error = endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!((error.code(), asked.load(Ordering::Relaxed)), (Code::DeadlineExceeded, 3));
    assert!(began.elapsed() <= Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn layers_go_in_their_slots_and_slots_are_emptied() {
    let makeshift = FallbackLayer::new(Default::default(), request_fn(async |_: Failure<u32>| Ok(0))).unwrap();
    let stack = stack().replace(slot::Fallback, makeshift).remove(slot::Retry);
    let fallback = stack.get(slot::Fallback).handle();
    let (asked, endpoint) = flaky(u32::MAX);
    assert_eq!(endpoint.layer(stack).call(&mut Context::new(), 7).await.unwrap(), 0);
    assert_eq!((asked.load(Ordering::Relaxed), fallback.stats().fallbacks.ok), (1, 1));
}

#[tokio::test]
async fn what_is_meant_for_the_callee_stays_with_it() {
    let endpoint = endpoint_fn(async |cx, _: u32| {
        assert_eq!(cx.method().map(Method::name), Some("get"));
        cx.outbound_mut().insert("tenant", "acme")?;
        Ok(())
    });
    let mut cx = Context::new();
    endpoint.layer(stack()).call(&mut cx, 7).await.unwrap();
    assert!(cx.outbound().is_none() && cx.method().is_none());
}

#[test]
fn a_registry_that_has_the_names_for_something_else_is_refused() {
    let metrics = Registry::new();
    metrics.counter("kit_client_requests_total", "Other labels.").labels(["host"]).unwrap();
    let error = Stack::new(&GET, &Logger::discard(), &metrics).unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.message().contains("kit_client_requests_total"), "{error}");
}
