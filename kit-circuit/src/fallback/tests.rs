//! The rules of a fallback.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint, Error, Outcome, endpoint_fn, request_fn};

use super::*;
use crate::Counts;

/// Ends as it is told, and leaves a word of it behind.
fn inner() -> impl Endpoint<Outcome, Response = &'static str> {
    endpoint_fn(async |cx, ending: Outcome| {
        cx.extensions_mut().insert("left by the call");
        match ending {
            Outcome::Success => Ok("done"),
            Outcome::BusinessError => Err(Error::not_found("no such row")),
            Outcome::BackendError => Err(Error::unavailable("down")),
            Outcome::Rejected => Err(Error::unavailable("full").with_outcome(Outcome::Rejected)),
            Outcome::Cancelled => Err(Error::cancelled("gone")),
            Outcome::TimedOut => Err(Error::deadline_exceeded("late")),
        }
    })
}

fn plain() -> impl Endpoint<Failure<Outcome>, Response = &'static str> {
    request_fn(async |failure: Failure<Outcome>| {
        assert_eq!(failure.error.map(|error| error.outcome()), Some(failure.request));
        Ok("instead")
    })
}

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}

#[tokio::test]
async fn each_outcome_is_answered_as_the_settings_say() {
    let all = Config { backend_error: true, timed_out: true, rejected: true, business_error: true };
    let none = Config { backend_error: false, timed_out: false, rejected: false, business_error: false };
    for (config, covered) in [
        (Config::default(), &[Outcome::BackendError, Outcome::Rejected, Outcome::TimedOut][..]),
        (all, &[Outcome::BusinessError, Outcome::BackendError, Outcome::Rejected, Outcome::TimedOut]),
        (none, &[]),
    ] {
        let endpoint = inner().layer(FallbackLayer::new(config, plain()).unwrap());
        for outcome in Outcome::ALL {
            let mut cx = Context::new();
            let answer = endpoint.call(&mut cx, outcome).await;
            let mark = cx.extensions().get::<FellBack>().map(FellBack::outcome);
            assert_eq!(cx.fallback(), mark);
            if covered.contains(&outcome) {
                assert_eq!((answer.unwrap(), mark), ("instead", Some(outcome)));
                assert_eq!(cx.outcome_of(&Ok(())), Outcome::Success);
            } else {
                assert_eq!((Outcome::of(&answer), mark), (outcome, None));
            }
        }
    }
}

#[tokio::test]
async fn an_answer_with_a_bad_outcome_is_a_failure_too() {
    let status_500 = endpoint_fn(async |cx, (): ()| {
        cx.set_outcome(Outcome::BackendError);
        Ok("status 500")
    });
    let fallback = request_fn(async |failure: Failure<()>| {
        assert!(failure.error.is_none());
        Ok("instead")
    });
    let endpoint = status_500.layer(FallbackLayer::new(Config::default(), fallback).unwrap());
    let mut cx = Context::new();
    let answer = endpoint.call(&mut cx, ()).await;
    assert_eq!((cx.outcome_of(&answer), answer.unwrap()), (Outcome::Success, "instead"));
    assert!(cx.extensions().get::<FellBack>().expect("marked").error().is_none());
}

#[tokio::test]
async fn who_knows_better_says_what_a_failure_is() {
    let empty = request_fn(async |_: u32| Ok(""));
    let instead = request_fn(async |failure: Failure<u32>| Ok(if failure.request == 1 { "instead" } else { "" }));
    let no_answer = |_: &Context, result: &Result<&'static str, Error>| match result {
        Ok("") => Outcome::BackendError,
        other => Outcome::of(other),
    };
    let layer = FallbackLayer::new(Config::default(), instead).unwrap().classify(no_answer);
    let (endpoint, handle) = (empty.layer(layer.clone()), layer.handle());
    assert_eq!(endpoint.call(&mut Context::new(), 1).await.unwrap(), "instead");
    assert_eq!(endpoint.call(&mut Context::new(), 2).await.unwrap(), "", "its fallback is no better");
    assert_eq!((numbers(handle.stats().calls), numbers(handle.stats().fallbacks)), ([2, 0, 0, 2, 0], [2, 0, 1, 1, 0]));
}

#[tokio::test]
async fn a_fallback_that_fails_too_leaves_the_first_failure_as_it_was() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let fails = endpoint_fn(async |cx, _failure: Failure<Outcome>| {
        cx.extensions_mut().insert(7_u8);
        Err(Error::data_loss("the copy is broken"))
    });
    let layer = FallbackLayer::new(Config::default(), fails).unwrap();
    let layer = layer.observe(move |event: &Event| hears.lock().unwrap().push(event.clone()));
    let handle = layer.handle();
    let mut cx = Context::new();
    let error = inner().layer(layer).call(&mut cx, Outcome::BackendError).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "down"));
    assert_eq!(error.fields().collect::<Vec<_>>(), [("fallback", "the copy is broken")]);
    assert!(cx.extensions().get::<FellBack>().is_none() && cx.extensions().get::<u8>().is_none());
    assert_eq!(cx.fallback(), None);
    let heard = heard.lock().unwrap();
    let [Event::Failed { outcome: Outcome::BackendError, error: Some(second) }] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(second.code(), Code::DataLoss);
    assert_eq!((numbers(handle.stats().calls), numbers(handle.stats().fallbacks)), ([1, 0, 0, 1, 0], [1, 0, 0, 1, 0]));
}

#[tokio::test]
async fn a_fallback_that_answers_badly_is_no_better() {
    let bad = endpoint_fn(async |cx, _failure: Failure<Outcome>| {
        cx.set_outcome(Outcome::BackendError);
        Ok("status 500")
    });
    let endpoint = inner().layer(FallbackLayer::new(Config::default(), bad).unwrap());
    let error = endpoint.call(&mut Context::new(), Outcome::TimedOut).await.unwrap_err();
    assert_eq!((error.message(), error.fields().next()), ("late", Some(("fallback", "backend_error"))));
}

#[tokio::test]
async fn each_use_is_told_and_counted_once() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let layer = FallbackLayer::new(Config::default(), plain()).unwrap();
    let layer = layer.observe(move |event: &Event| hears.lock().unwrap().push(event.clone()));
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    for outcome in Outcome::ALL {
        let _ = endpoint.call(&mut Context::new(), outcome).await;
    }
    let told: Vec<_> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|event| match event {
            Event::Answered { outcome, error } => (*outcome, error.as_ref().map(Error::outcome)),
            Event::Failed { .. } => panic!("none failed"),
        })
        .collect();
    assert_eq!(told, [Outcome::BackendError, Outcome::Rejected, Outcome::TimedOut].map(|one| (one, Some(one))));
    assert_eq!((numbers(handle.stats().calls), numbers(handle.stats().fallbacks)), ([6, 0, 2, 2, 2], [3, 0, 3, 0, 0]));
}

#[tokio::test]
async fn what_is_dropped_meanwhile_is_cancelled_on_both_sides() {
    let hangs =
        request_fn(async |_failure: Failure<Outcome>| std::future::pending::<Result<&'static str, Error>>().await);
    let layer = FallbackLayer::new(Config::default(), hangs).unwrap();
    let handle = layer.handle();
    assert!(inner().layer(layer).call(&mut Context::new(), Outcome::Rejected).now_or_never().is_none());
    assert_eq!((numbers(handle.stats().calls), numbers(handle.stats().fallbacks)), ([1, 0, 0, 0, 1], [1, 0, 0, 0, 1]));
}

#[tokio::test]
async fn settings_change_while_calls_run_and_counts_go_on() {
    let layer = FallbackLayer::new(Config::default(), plain()).unwrap();
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    endpoint.call(&mut Context::new(), Outcome::BackendError).await.unwrap();
    handle.set(Config { backend_error: false, ..handle.config() }).unwrap();
    endpoint.call(&mut Context::new(), Outcome::BackendError).await.unwrap_err();
    assert_eq!((handle.stats().calls.failed, handle.stats().fallbacks.ok), (2, 1));
    assert!(toml::from_str::<Config>("success = true").is_err());
}
