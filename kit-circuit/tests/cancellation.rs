//! The rules of "Concurrency in Go", chapter 5, on time-outs and cancellation (CC-10 to CC-16 in `source-systems.md`), across layers.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_circuit::bulkhead::{self, BulkheadLayer, Full};
use kit_circuit::chaos::{self, ChaosLayer};
use kit_circuit::idempotency::{IdempotencyLayer, header_key};
use kit_circuit::single_flight::SingleFlightLayer;
use kit_circuit::timeout::{DeadlineLayer, TimeoutLayer};
use kit_core::{BoxEndpoint, Cancel, Code, Context, Endpoint, Error, Metadata, Method, endpoint_with, request_fn};
use tokio::time::{Instant, sleep};

const LIMIT: Duration = Duration::from_millis(100);
const PERIOD: Duration = Duration::from_millis(10);

fn timeout(limit: Duration) -> TimeoutLayer {
    TimeoutLayer::new(limit).expect("more than zero")
}

/// CC-10: what would be stale by the time it is served is given up in the queue, and what has no room is not stored.
#[tokio::test(start_paused = true)]
async fn under_saturation_a_call_waits_only_while_its_answer_is_worth_something() {
    let one = bulkhead::Config { max: 1, queue: 1, max_wait: None };
    let endpoint = request_fn(async |(): ()| pending::<Result<(), Error>>().await);
    let endpoint = endpoint.layer(BulkheadLayer::new(one).expect("in range"));
    let (mut running, mut waiting) = (Context::new(), Context::at(Instant::now()));
    let mut running = pin!(endpoint.call(&mut running, ()));
    assert!(running.as_mut().now_or_never().is_none());
    let began = Instant::now();
    waiting = waiting.with_deadline(Some(began + LIMIT));
    let (stale, no_room) = tokio::join!(endpoint.call(&mut waiting, ()), async {
        endpoint.call(&mut Context::new(), ()).now_or_never().expect("at once")
    });
    assert!(matches!(stale.expect_err("too late").cause(), Some(Full::Deadline { waited: LIMIT })));
    assert!(matches!(no_room.expect_err("full").cause(), Some(Full::Queue { .. })));
    assert_eq!(began.elapsed(), LIMIT);
}

/// CC-11: a time-out on every operation breaks a deadlock.
#[tokio::test(start_paused = true)]
async fn two_calls_that_wait_for_each_others_lock_both_end() {
    let locks = Arc::new([tokio::sync::Mutex::new(()), tokio::sync::Mutex::new(())]);
    let endpoint = endpoint_with(Arc::clone(&locks), async |locks, _cx, first: usize| {
        let _first = locks[first].lock().await;
        tokio::task::yield_now().await;
        let _second = locks[1 - first].lock().await;
        Ok(())
    })
    .layer(timeout(LIMIT));
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, 0), endpoint.call(&mut two, 1));
    assert!([a, b].iter().any(|ended| ended.as_ref().is_err_and(|error| error.code() == Code::DeadlineExceeded)));
    assert!(locks.iter().all(|lock| lock.try_lock().is_ok()));
}

static METHOD: Method = Method::new("tests", "below");

/// CC-12: the four causes, told alike, and to every call below.
#[tokio::test(start_paused = true)]
async fn each_of_the_four_causes_reaches_what_the_calls_below_have_spawned() {
    let tokens = Arc::new(Mutex::new(Vec::<Cancel>::new()));
    let below = endpoint_with(Arc::clone(&tokens), async |tokens, cx, (): ()| {
        tokens.lock().expect("no panic").push(cx.cancel_token());
        pending::<Result<(), Error>>().await
    })
    .boxed();
    let handler = endpoint_with((below, Arc::clone(&tokens)), async |(below, tokens), cx, (): ()| {
        tokens.lock().expect("no panic").push(cx.cancel_token());
        let mut child = cx.child(&METHOD);
        below.call(&mut child, ()).await
    })
    .boxed();
    let told = || {
        let tokens = std::mem::take(&mut *tokens.lock().expect("no panic"));
        (tokens.len(), tokens.iter().all(Cancel::is_cancelled))
    };
    // Its time is up.
    let timed = (&handler).layer(timeout(LIMIT));
    timed.call(&mut Context::new(), ()).await.expect_err("it never ends");
    assert_eq!(told(), (2, true));
    // The user has gone.
    {
        let mut cx = Context::new();
        assert!(handler.call(&mut cx, ()).now_or_never().is_none());
    }
    assert_eq!(told(), (2, true));
    // The call above has ended: it gave up on this one, and came to its own end.
    let above = endpoint_with(handler.clone(), async |handler, cx, (): ()| {
        let mut child = cx.child(&METHOD);
        assert!(handler.call(&mut child, ()).now_or_never().is_none());
        Ok(())
    });
    let mut cx = Context::new();
    above.call(&mut cx, ()).await.expect("it went on");
    cx.finish();
    assert_eq!(told(), (2, true));
    // Another attempt has won.
    let mut cx = Context::new();
    let mut loser = cx.fork();
    assert!(handler.call(&mut loser, ()).now_or_never().is_none());
    drop(loser);
    assert_eq!(told(), (2, true));
}

/// CC-13: work that asks at least once a period ends within a period of its call.
#[tokio::test(start_paused = true)]
async fn spawned_work_stops_within_its_period() {
    let stopped = Arc::new(Mutex::new(None));
    let endpoint = endpoint_with(Arc::clone(&stopped), async |stopped, cx, (): ()| {
        let (cancel, stopped) = (cx.cancel_token(), Arc::clone(stopped));
        let work = tokio::spawn(async move {
            while cancel.checkpoint().is_ok() {
                sleep(PERIOD).await;
            }
            *stopped.lock().expect("no panic") = Some(Instant::now());
        });
        work.await.map_err(Error::bug)
    })
    .layer(timeout(LIMIT + PERIOD / 2));
    let began = Instant::now();
    endpoint.call(&mut Context::new(), ()).await.expect_err("the work is endless");
    sleep(PERIOD).await;
    let stopped = stopped.lock().expect("no panic").expect("it has stopped");
    assert!(stopped - began <= LIMIT + PERIOD / 2 + PERIOD, "{:?}", stopped - began);
}

/// CC-14: dropped at any of its awaits, a handler that computes first has either done everything or nothing.
#[tokio::test(start_paused = true)]
async fn a_handler_that_commits_in_one_step_leaves_all_or_nothing() {
    for polls in 0..6 {
        let accounts = Arc::new(Mutex::new((100, 0)));
        let transfer = endpoint_with(Arc::clone(&accounts), async |accounts, cx, amount: i64| {
            let mut plan = Vec::new();
            for part in [amount / 2, amount - amount / 2] {
                tokio::task::yield_now().await;
                plan.push(part);
            }
            cx.cancel_token().checkpoint()?;
            {
                let mut accounts = accounts.lock().expect("no panic");
                for part in plan {
                    accounts.0 -= part;
                    accounts.1 += part;
                }
            }
            tokio::task::yield_now().await;
            Ok(())
        });
        let mut cx = Context::new();
        {
            let mut call = pin!(transfer.call(&mut cx, 70));
            for _ in 0..polls {
                if poll_fn(|task| Poll::Ready(call.as_mut().poll(task))).await.is_ready() {
                    break;
                }
            }
        }
        let left = *accounts.lock().expect("no panic");
        assert_eq!(left, if polls < 3 { (100, 0) } else { (30, 70) }, "dropped after {polls} polls");
    }
}

fn message(key: Option<&str>) -> Context {
    let (mut cx, mut inbound) = (Context::new(), Metadata::default());
    if let Some(key) = key {
        inbound.insert("idempotency-key", key).expect("it fits");
    }
    cx.set_inbound(inbound);
    cx
}

/// CC-15: a caller that was cancelled sends its message again.
#[tokio::test(start_paused = true)]
async fn a_message_sent_again_after_a_cancellation_is_run_once_with_a_key_and_twice_without() {
    for (key, runs) in [(Some("k"), 1), (None, 2)] {
        let ran = Arc::new(AtomicUsize::new(0));
        let endpoint = endpoint_with(Arc::clone(&ran), async |ran, _cx, (): ()| {
            // Committed, and then the answer takes too long.
            ran.fetch_add(1, Ordering::Relaxed);
            sleep(2 * LIMIT).await;
            Ok("receipt")
        });
        let by_key = IdempotencyLayer::new(Default::default(), |cx: &Context, (): &()| header_key(cx));
        let endpoint = endpoint.layer(by_key.expect("the default"));
        let hasty = (&endpoint).layer(timeout(LIMIT));
        hasty.call(&mut message(key), ()).await.expect_err("the answer is lost");
        assert_eq!(endpoint.call(&mut message(key), ()).await.expect("an answer"), "receipt");
        assert_eq!(ran.load(Ordering::Relaxed), runs);
    }
}

/// CC-16: the deadline caps every wait below it, whatever that allows by itself.
#[tokio::test(start_paused = true)]
async fn a_deadline_caps_every_wait_below_it() {
    let hang = || request_fn(async |(): ()| pending::<Result<(), Error>>().await);
    let long = 100 * LIMIT;
    let full = BulkheadLayer::new(bulkhead::Config { max: 1, queue: 1, max_wait: Some(long) }).expect("in range");
    let holder = hang().layer(full.clone());
    let mut held = Context::new();
    let mut holding = pin!(holder.call(&mut held, ()));
    assert!(holding.as_mut().now_or_never().is_none());
    let stuck = chaos::Config { enabled: true, hang: 1.0, ..Default::default() };
    let flight = SingleFlightLayer::new(Default::default(), |_: &Context, (): &()| Some(()));
    let below: [(&str, BoxEndpoint<(), ()>); 5] = [
        ("a timeout", hang().layer(timeout(long)).boxed()),
        ("a deadline", hang().layer(DeadlineLayer::default()).boxed()),
        ("a queue", hang().layer(full).boxed()),
        ("a flight", hang().layer(flight.expect("the default")).boxed()),
        ("a fault", hang().layer(ChaosLayer::new(stuck).expect("in range").arm()).boxed()),
    ];
    for (what, endpoint) in below {
        let began = Instant::now();
        let error = endpoint.layer(timeout(LIMIT)).call(&mut Context::new(), ()).await.expect_err("it never ends");
        assert_eq!((error.code(), began.elapsed()), (Code::DeadlineExceeded, LIMIT), "{what}");
    }
}
