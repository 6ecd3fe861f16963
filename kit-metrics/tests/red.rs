//! The RED layer: what a scrape says after calls that ended in every way there is.

#[path = "support/red.rs"]
mod calls;
mod support;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use calls::{Ending, MS, PLACE, Read, Result, STOCK, call, counts, end};
use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use kit_core::{Code, Context, Endpoint, Error, Method, Outcome, endpoint_fn};
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn every_call_counts_once_by_its_outcome_and_code() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::server(&registry)?;
    for (ending, wait) in [
        (Ending::Reply, 0),
        (Ending::Reply, 5),
        (Ending::Fail(Code::NotFound), 0),
        (Ending::Fail(Code::Unavailable), 0),
        (Ending::Refuse, 0),
        (Ending::Fail(Code::Cancelled), 0),
        (Ending::Fail(Code::DeadlineExceeded), 20),
        (Ending::Said(Outcome::BackendError), 0),
        (Ending::Said(Outcome::BusinessError), 0),
        (Ending::Said(Outcome::Success), 0),
        (Ending::Panic, 0),
        (Ending::Panic, 10),
        (Ending::Hang, 0),
    ] {
        call(&layer, ending, wait * MS).await;
    }
    let read = Read::of(&registry);
    let expected = counts([
        ("success", "OK", 3.0),
        ("business_error", "NotFound", 1.0),
        ("business_error", "Unknown", 1.0),
        ("backend_error", "Unavailable", 1.0),
        ("backend_error", "Unknown", 1.0),
        ("backend_error", "Internal", 2.0),
        ("rejected", "Unavailable", 1.0),
        ("cancelled", "Cancelled", 2.0),
        ("timed_out", "DeadlineExceeded", 1.0),
    ]);
    assert_eq!(read.ended("server", &PLACE), expected);
    assert_eq!(read.in_flight("server", &PLACE), 0.0);
    // The waits, and the second that the last one was given.
    assert_eq!(read.timed("server", &PLACE), (13.0, 1.035));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_outcome_and_code_has_a_count_of_its_own() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(async |_cx, error: Error| Err::<(), _>(error)).layer(RedLayer::client(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    let pairs = Outcome::ALL.into_iter().flat_map(|outcome| Code::ALL.map(|code| (outcome, code)));
    for (outcome, code) in pairs.clone() {
        endpoint.call(&mut cx, Error::from_code(code).with_outcome(outcome)).await.unwrap_err();
    }
    let ended = Read::of(&registry).ended("client", &PLACE);
    let expected = pairs.map(|(outcome, code)| ((outcome.to_string(), code.to_string()), 1.0));
    assert_eq!(ended, expected.collect());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_fallback_counts_by_how_the_call_itself_had_ended() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(async |cx, instead_of: Option<Outcome>| {
        if let Some(instead_of) = instead_of {
            cx.set_fallback(instead_of);
        }
        Ok(())
    });
    let endpoint = endpoint.layer(RedLayer::client(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    // The last is not one, though its context had been another's.
    for instead_of in [Some(Outcome::TimedOut), Some(Outcome::Rejected), Some(Outcome::TimedOut), None] {
        endpoint.call(&mut cx, instead_of).await?;
    }
    let read = Read::of(&registry);
    let answers = |outcome: &str| {
        let labels = [("service", "orders"), ("method", "place"), ("outcome", outcome)];
        read.0.sample("kit_client_fallback_answers_total", &labels)
    };
    assert_eq!((answers("timed_out"), answers("rejected"), answers("success")), (Some(2.0), Some(1.0), None));
    assert_eq!(read.ended("client", &PLACE), counts([("success", "OK", 4.0)]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_used_again_is_measured_again() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::client(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    endpoint.call(&mut cx, (Ending::Reply, 5 * MS)).await?;
    endpoint.call(&mut cx, (Ending::Reply, 3 * MS)).await?;
    assert_eq!(Read::of(&registry).timed("client", &PLACE), (2.0, 0.008));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn calls_are_in_flight_until_they_end_and_each_has_its_own_time() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::server(&registry)?;
    let in_flight = || Read::of(&registry).in_flight("server", &PLACE);
    let looks = async {
        let mut seen = Vec::new();
        for _ in 0..4 {
            sleep(2 * MS).await;
            seen.push(in_flight());
        }
        seen
    };
    let calls = join_all(
        [(Ending::Reply, 1), (Ending::Fail(Code::Internal), 3), (Ending::Panic, 5), (Ending::Reply, 7)]
            .map(|(ending, wait)| call(&layer, ending, wait * MS)),
    );
    let (seen, _) = join(looks, calls).await;
    assert_eq!(seen, [3.0, 2.0, 1.0, 0.0]);
    assert_eq!(Read::of(&registry).timed("server", &PLACE), (4.0, 0.016));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_it_was_polled_was_never_made() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    let mut cx = Context::new();
    drop(endpoint.call(&mut cx, (Ending::Reply, MS)));
    assert!(Read::of(&registry).0.samples.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_counted_for_the_call_that_panicked_and_not_for_its_neighbour() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::client(&registry)?;
    let endpoint = endpoint_fn(end).layer(layer);
    let (mut one, mut two) = (Context::new(), Context::new());
    one.set_method(&PLACE);
    two.set_method(&STOCK);
    let both = async {
        // The neighbour is dropped by the unwinding itself.
        let hangs = endpoint.call(&mut two, (Ending::Hang, Duration::ZERO));
        let panics = endpoint.call(&mut one, (Ending::Panic, MS));
        join(hangs, panics).await
    };
    AssertUnwindSafe(both).catch_unwind().await.unwrap_err();
    let read = Read::of(&registry);
    assert_eq!(read.ended("client", &PLACE), counts([("backend_error", "Internal", 1.0)]));
    assert_eq!(read.ended("client", &STOCK), counts([("cancelled", "Cancelled", 1.0)]));
    assert_eq!((read.in_flight("client", &PLACE), read.in_flight("client", &STOCK)), (0.0, 0.0));
    Ok(())
}

/// Panics before there is a future.
struct Eager;

impl Endpoint<()> for Eager {
    type Response = ();

    fn call(&self, cx: &mut Context, (): ()) -> impl Future<Output = Result<(), Error>> + Send {
        assert!(cx.method().is_none(), "told to panic");
        std::future::ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_future_is_made_is_counted_too() -> Result {
    let registry = Registry::new();
    let endpoint = Eager.layer(RedLayer::server(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    AssertUnwindSafe(endpoint.call(&mut cx, ())).catch_unwind().await.unwrap_err();
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &PLACE), counts([("backend_error", "Internal", 1.0)]));
    assert_eq!(read.in_flight("server", &PLACE), 0.0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_method_is_unknown() -> Result {
    static UNKNOWN: Method = Method::new("unknown", "unknown");
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    endpoint.call(&mut Context::new(), (Ending::Reply, 2 * MS)).await?;
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &UNKNOWN), counts([("success", "OK", 1.0)]));
    assert_eq!(read.timed("server", &UNKNOWN), (1.0, 0.002));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_method_seen_for_the_first_time_has_a_success_count_to_rise_from() -> Result {
    let registry = Registry::new();
    call(&RedLayer::server(&registry)?, Ending::Fail(Code::Internal), Duration::ZERO).await;
    let ok = [("service", "orders"), ("method", "place"), ("outcome", "success"), ("code", "OK")];
    assert_eq!(Read::of(&registry).0.sample("kit_server_requests_total", &ok), Some(0.0));
    Ok(())
}

#[test]
fn threads_lose_no_call() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    let call = |ending| {
        let mut cx = Context::new();
        cx.set_method(&PLACE);
        endpoint.call(&mut cx, (ending, Duration::ZERO)).now_or_never().expect("ready at once").is_ok()
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    assert!(call(Ending::Reply));
                    assert!(!call(Ending::Fail(Code::NotFound)));
                }
            });
        }
    });
    let read = Read::of(&registry);
    let expected = counts([("success", "OK", 2_000.0), ("business_error", "NotFound", 2_000.0)]);
    assert_eq!(read.ended("server", &PLACE), expected);
    assert_eq!((read.in_flight("server", &PLACE), read.timed("server", &PLACE).0), (0.0, 4_000.0));
    Ok(())
}
