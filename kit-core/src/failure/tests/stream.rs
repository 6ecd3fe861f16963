use futures_util::{StreamExt as _, stream};

use super::{StoreError, crossed};
use crate::context::Context;
use crate::endpoint::Endpoint as _;
use crate::error::Error;
use crate::failure::RecognizeStreamLayer;
use crate::function::endpoint_fn;
use crate::outcome::Outcome;
use crate::stream::Streaming;

const FAILURE: StoreError = StoreError::NoRow { id: 3 };

#[tokio::test]
async fn the_error_that_ends_a_stream_is_recognized_by_its_reader_and_its_end() {
    let client = endpoint_fn(async |cx, items: u32| match items {
        0 => Err(crossed(&Error::from(FAILURE))),
        _ => Ok(Streaming::new(cx, stream::iter((1..items).map(Ok).chain([Err(crossed(&Error::from(FAILURE)))])))),
    })
    .layer(RecognizeStreamLayer::<StoreError>::new());

    let error = client.call(&mut Context::new(), 0).await.unwrap_err();
    assert_eq!(error.cause(), Some(&FAILURE));

    let mut cx = Context::new();
    let mut items = client.call(&mut cx, 3).await.unwrap();
    let end = cx.stream().expect("announced").clone();
    assert_eq!((items.next().await.unwrap().unwrap(), items.next().await.unwrap().unwrap()), (1, 2));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.cause(), Some(&FAILURE));
    assert!(items.next().await.is_none());
    let ended = end.ended().expect("it has ended");
    assert_eq!(ended.outcome(), Outcome::BusinessError);
    assert_eq!(ended.error().and_then(Error::cause), Some(&FAILURE));
}

#[tokio::test]
async fn a_stream_that_does_not_fail_is_what_it_was() {
    let client =
        endpoint_fn(async |cx, items: u32| Ok(Streaming::new(cx, stream::iter((0..items).map(Ok::<_, Error>)))))
            .layer(RecognizeStreamLayer::<StoreError>::new());
    let mut cx = Context::new();
    let items: Vec<_> = client.call(&mut cx, 3).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(items, [0, 1, 2]);
    assert_eq!(cx.stream().and_then(|end| end.ended()).map(|ended| ended.outcome()), Some(Outcome::Success));
    drop(client.call(&mut cx, 3).await);
    assert_eq!(cx.stream().and_then(|end| end.ended()).map(|ended| ended.outcome()), Some(Outcome::Cancelled));
}
