//! Limits that change while calls run, what is told, and what is counted.

use std::sync::Mutex;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use kit_core::{Observer, Streaming};

use super::*;
use crate::Counts;

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Event>>>);

impl Observer<Event> for Heard {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_limit_holds_for_the_calls_that_begin_after_it() {
    let layer = timeout(LIMIT);
    let (endpoint, handle) = (inner(&Seen::default()).layer(layer.clone()), layer.handle());
    let began = Instant::now();
    let (mut one, mut two) = (Context::new(), Context::new());
    let mut first = Box::pin(endpoint.call(&mut one, Ending::Hang));
    assert!(first.as_mut().now_or_never().is_none());
    handle.set(LIMIT / 2).unwrap();
    assert_elapsed(&endpoint.call(&mut two, Ending::Hang).await.unwrap_err(), LIMIT / 2);
    assert_elapsed(&first.await.unwrap_err(), LIMIT);
    assert_eq!(began.elapsed(), LIMIT);
    assert_eq!(handle.set(Duration::ZERO).unwrap_err().field(), "limit");
    assert_eq!((handle.limit(), numbers(handle.stats())), (LIMIT / 2, [2, 0, 0, 2, 0]));
    handle.set(Duration::MAX).unwrap();
    assert_eq!(handle.limit(), Duration::MAX);
}

#[tokio::test(start_paused = true)]
async fn new_bounds_hold_for_the_calls_that_begin_after_them() {
    let layer = deadline(Some(5 * LIMIT), Some(LIMIT));
    let (endpoint, handle) = (inner(&Seen::default()).layer(layer.clone()), layer.handle());
    assert_elapsed(&endpoint.call(&mut Context::new(), Ending::Hang).await.unwrap_err(), LIMIT);
    let changed = Config { max: Some(3 * LIMIT), default: None };
    handle.set(changed).unwrap();
    assert_elapsed(&endpoint.call(&mut Context::new(), Ending::Hang).await.unwrap_err(), 3 * LIMIT);
    assert_eq!(handle.set(Config { max: Some(Duration::ZERO), default: None }).unwrap_err().field(), "max");
    assert_eq!(handle.config(), changed);
    assert_eq!(handle.stats().failed, 2);
}

#[tokio::test(start_paused = true)]
async fn each_ending_is_counted_once() {
    let layer = timeout(LIMIT);
    let (endpoint, handle) = (inner(&Seen::default()).layer(layer.clone()), layer.handle());
    for ending in [Ending::Reply, Ending::ReplyAfter(LIMIT / 2), Ending::Fail, Ending::Hang, Ending::Panic] {
        let call = async { endpoint.call(&mut Context::new(), ending).await };
        let _ = std::panic::AssertUnwindSafe(call).catch_unwind().await;
    }
    assert!(endpoint.call(&mut Context::new(), Ending::Hang).now_or_never().is_none());
    assert_eq!((numbers(handle.stats()), handle.elapsed()), ([6, 0, 2, 3, 1], 1));
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_late_and_who_is_given_up_on_is_told() {
    let heard = Heard::default();
    let layer = deadline(Some(LIMIT), None).observe(heard.clone());
    let (endpoint, handle) = (inner(&Seen::default()).layer(timeout(LIMIT / 2)).layer(layer.clone()), layer.handle());
    let now = Instant::now();
    let mut late = Context::at(now).with_deadline(Some(now));
    endpoint.call(&mut late, Ending::Reply).await.unwrap_err();
    // The limit further in is not this layer's to tell of.
    endpoint.call(&mut Context::new(), Ending::Hang).await.unwrap_err();
    let alone = inner(&Seen::default()).layer(layer);
    alone.call(&mut Context::new(), Ending::Hang).await.unwrap_err();
    assert_eq!(*heard.0.lock().unwrap(), [Event::TooLate, Event::Elapsed(Elapsed::new(LIMIT))]);
    assert_eq!((numbers(handle.stats()), handle.elapsed()), ([2, 1, 0, 2, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_counted_when_it_ends() {
    let layer = timeout(LIMIT);
    let handle = layer.handle();
    let endpoint = kit_core::endpoint_fn(async |cx, (): ()| {
        Ok(Streaming::new(cx, futures_util::stream::pending::<Result<u32, Error>>()))
    });
    let mut answer = endpoint.layer(layer).call(&mut Context::new(), ()).await.unwrap();
    assert_eq!(numbers(handle.stats()), [1, 0, 0, 0, 0]);
    answer.next().await.expect("the error").unwrap_err();
    assert_eq!(numbers(handle.stats()), [1, 0, 0, 1, 0]);
}
