use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kit_core::{Code, Context, Endpoint, Error, Kind, Method, Outcome, Retry, Streaming, endpoint_fn, endpoint_with};
use tokio::time::{Instant, sleep};

use super::Left;
use crate::local::{Local, LocalStream, streaming};

static LIST: Method = Method::new("numbers", "list").kind(Kind::ServerStream);

type Item = Result<u32, Error>;

/// Answers with these items; the callee's token is left.
fn items(left: &Left, items: fn() -> Vec<Item>) -> impl Endpoint<(), Response = Streaming<u32>> + use<> {
    endpoint_with((left.clone(), items), async |(left, items), cx, ()| {
        left.leave(cx);
        Ok(Streaming::new(cx, stream::iter(items())))
    })
}

#[tokio::test]
async fn a_stream_crosses_with_its_trailers_and_its_end_is_the_layers_end() {
    let service = endpoint_fn(async |cx, ()| {
        let numbers = Streaming::new(cx, stream::iter([Ok(1), Ok(2)]));
        numbers.end().with_trailers(|trailers| trailers.insert("sum", "3"))?;
        Ok(numbers)
    });
    let mut cx = Context::new();
    let mut numbers = LocalStream::new(service).call(&mut cx, ()).await.unwrap();
    let heard = Arc::new(Mutex::new(None));
    let hear = Arc::clone(&heard);
    cx.stream().expect("announced here").attach(move |ended| *hear.lock().unwrap() = Some(ended.clone()));
    assert_eq!(numbers.by_ref().map(Result::unwrap).collect::<Vec<u32>>().await, [1, 2]);
    let ended = heard.lock().unwrap().take().expect("the end");
    assert_eq!((ended.outcome(), ended.trailers().get("sum")), (Outcome::Success, Some("3")));
}

#[tokio::test]
async fn dropped_early_it_stops_its_source() {
    let left = Left::default();
    let mut numbers =
        streaming(&LIST, items(&left, || vec![Ok(1), Ok(2)])).call(&mut Context::new(), ()).await.unwrap();
    assert_eq!(numbers.next().await.unwrap().unwrap(), 1);
    assert!(!left.token().is_cancelled());
    drop(numbers);
    assert!(left.token().is_cancelled());
    // Read to its end, it tells nobody.
    let numbers = streaming(&LIST, items(&left, || vec![Ok(1)])).call(&mut Context::new(), ()).await.unwrap();
    assert_eq!(numbers.count().await, 1);
    assert!(!left.token().is_cancelled());
}

#[tokio::test]
async fn an_error_within_it_crosses_as_any_other() {
    let service = items(&Left::default(), || {
        vec![Ok(1), Err(Error::unavailable("down").with_cause(Error::not_found("inner")).with_retry(Retry::Safe))]
    });
    let mut numbers = streaming(&LIST, service).call(&mut Context::new(), ()).await.unwrap();
    numbers.next().await.unwrap().unwrap();
    let error = numbers.next().await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.message(), error.retry()), (Code::Unavailable, "down", Retry::MayHaveRun));
    assert!(error.cause::<Error>().is_none());
    assert!(numbers.next().await.is_none());
}

#[tokio::test]
async fn a_panic_of_its_source_is_internal_and_its_end() {
    let left = Left::default();
    let service = endpoint_with(left.clone(), async |left, cx, ()| {
        left.leave(cx);
        Ok(Streaming::new(cx, stream::iter([0_u32, 1]).map(|n| if n < 1 { Ok(n) } else { panic!("at {n}") })))
    });
    let mut numbers = streaming(&LIST, service).call(&mut Context::new(), ()).await.unwrap();
    numbers.next().await.unwrap().unwrap();
    assert_eq!(numbers.next().await.unwrap().unwrap_err().code(), Code::Internal);
    assert!(numbers.next().await.is_none());
    assert!(left.token().is_cancelled(), "its source is gone");
}

#[tokio::test(start_paused = true)]
async fn it_ends_at_the_deadline() {
    let service = endpoint_fn(async |cx, ()| {
        let slow = stream::unfold(0_u32, async |n| {
            sleep(Duration::from_millis(400)).await;
            Some((Ok(n), n + 1))
        });
        Ok(Streaming::new(cx, slow))
    });
    let begun = Instant::now();
    let local = LocalStream::new(service).max_time(Duration::from_secs(1));
    let items: Vec<_> = local.call(&mut Context::new(), ()).await.unwrap().collect().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!((items.len(), items[2].as_ref().unwrap_err().code()), (3, Code::DeadlineExceeded));
}

#[tokio::test]
async fn a_stream_inside_a_larger_answer_is_announced_to_the_caller() {
    let service = endpoint_fn(async |cx, ()| Ok(("head", Streaming::new(cx, stream::iter([Item::Ok(1)])))));
    let mut cx = Context::new();
    let (_, numbers) = Local::new(service).call(&mut cx, ()).await.unwrap();
    drop(numbers);
    let ended = cx.stream().expect("announced here").ended().expect("dropped");
    assert_eq!(ended.outcome(), Outcome::Cancelled);
}
