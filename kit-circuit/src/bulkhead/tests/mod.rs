//! The rules of a bulkhead. Time stands still until a test moves it.

mod live;
mod queue;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use kit_core::{Code, Context, Endpoint, Error, Outcome, Retry, Streaming, endpoint_fn};
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::Counts;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
enum Ending {
    Reply,
    Fail,
    ReplyAfter(Duration),
    Hang,
    Panic,
}

fn inner() -> impl Endpoint<Ending, Response = &'static str> {
    endpoint_fn(async |_cx, ending: Ending| match ending {
        Ending::Reply => Ok("done"),
        Ending::Fail => Err(Error::unavailable("down")),
        Ending::ReplyAfter(wait) => {
            sleep(wait).await;
            Ok("done at last")
        }
        Ending::Hang => std::future::pending().await,
        Ending::Panic => panic!("the inner call was told to panic"),
    })
}

fn layer(max: usize, queue: usize, max_wait: Option<Duration>) -> BulkheadLayer {
    BulkheadLayer::new(Config { max, queue, max_wait }).unwrap()
}

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}

#[track_caller]
fn assert_full(error: &Error, full: Full) {
    assert_eq!(error.cause::<Full>(), Some(&full));
    assert_eq!((error.outcome(), error.retry()), (Outcome::Rejected, Retry::Safe));
    let code = if matches!(full, Full::Deadline { .. }) { Code::DeadlineExceeded } else { Code::Unavailable };
    assert_eq!(error.code(), code);
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_place_and_no_room_is_refused_at_once() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let layer = layer(2, 0, Some(SECOND)).observe(move |event: &Event| hears.lock().unwrap().push(event.clone()));
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    let (mut one, mut two, mut three) = (Context::new(), Context::new(), Context::new());
    let mut running = Box::pin(endpoint.call(&mut one, Ending::Hang));
    let mut other = Box::pin(endpoint.call(&mut two, Ending::Hang));
    assert!(running.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().is_none());
    let full = Full::Queue { max: 2, waiting: 0 };
    assert_full(&endpoint.call(&mut three, Ending::Reply).now_or_never().expect("at once").unwrap_err(), full);
    assert_eq!(handle.stats().taken, 2);
    drop(running);
    assert_eq!(endpoint.call(&mut three, Ending::Reply).await.unwrap(), "done");
    drop(other);
    assert_eq!(numbers(handle.stats().calls), [3, 1, 1, 0, 2]);
    assert_eq!(*heard.lock().unwrap(), [Event::Refused(full)]);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_given_back_whatever_ends_the_call() {
    let layer = layer(1, 0, None);
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    let call = async |ending| {
        let mut cx = Context::new();
        let ended = AssertUnwindSafe(endpoint.call(&mut cx, ending)).catch_unwind().now_or_never();
        assert_eq!(handle.stats().taken, 0, "{ending:?}");
        ended
    };
    assert!(matches!(call(Ending::Reply).await, Some(Ok(Ok(_)))));
    assert!(matches!(call(Ending::Fail).await, Some(Ok(Err(_)))));
    assert!(call(Ending::Hang).await.is_none());
    assert!(matches!(call(Ending::Panic).await, Some(Err(_))));
    assert_eq!(numbers(handle.stats().calls), [4, 0, 1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_place_to_its_end() {
    let layer = layer(1, 0, None);
    let handle = layer.handle();
    let count = endpoint_fn(async |cx, to: u32| Ok(Streaming::new(cx, stream::iter((0..to).map(Ok))))).layer(layer);
    let mut numbers = count.call(&mut Context::new(), 2).await.unwrap();
    assert_eq!((handle.stats().taken, handle.stats().calls.running()), (1, 1));
    count.call(&mut Context::new(), 1).await.unwrap_err();
    while numbers.next().await.is_some() {}
    assert_eq!((handle.stats().taken, handle.stats().calls.ok), (0, 1));
    drop(count.call(&mut Context::new(), 2).await.unwrap());
    assert_eq!((handle.stats().taken, handle.stats().calls.cancelled), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_endpoints_of_one_layer_share_its_places() {
    let layer = layer(1, 0, None);
    let (one, two) = (inner().layer(layer.clone()), inner().layer(layer));
    let mut cx = Context::new();
    let mut running = Box::pin(one.call(&mut cx, Ending::Hang));
    assert!(running.as_mut().now_or_never().is_none());
    two.call(&mut Context::new(), Ending::Reply).await.unwrap_err();
    drop(running);
    two.call(&mut Context::new(), Ending::Reply).await.unwrap();
}
