//! `kit::Failure`, trait and derive under one name, and what the layers of a client leave of it.
#![cfg(feature = "local")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::time::Duration;

use kit::circuit::hedge::{self, AllFailed, Delay, HedgeLayer};
use kit::circuit::retry::{self, GaveUp, RetryLayer};
use kit::failure::{Details, RecognizeLayer};
use kit::{ChildLayer, Context, Endpoint as _, Error, Failure, Method, Retry, local, request_fn};

static RESERVE: Method = Method::new("shop", "reserve").idempotent();

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(name = "shop.ShopError")]
enum ShopError {
    #[failure(code = "Unavailable", message = "the shop opens in {minutes} minutes")]
    Closed { minutes: u32 },
}

const CLOSED: ShopError = ShopError::Closed { minutes: 20 };

fn shop() -> local::Local<impl kit::Endpoint<u32, Response = ()> + Clone> {
    local::Local::new(request_fn(async |_item: u32| Err::<(), Error>(CLOSED.into())))
}

#[test]
fn the_trait_and_the_derive_have_one_name() {
    assert_eq!((ShopError::NAME, CLOSED.reason()), ("shop.ShopError", "closed"));
    assert_eq!(Details::of(&CLOSED.into()).unwrap().payload(), Some(r#"{"minutes":20}"#));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_gave_up_hides_no_failure() {
    let retry = RetryLayer::new(retry::Config { attempts: 3, ..Default::default() }).unwrap();
    let reserve = shop().layer(retry).layer(ChildLayer::new(&RESERVE)).layer(RecognizeLayer::<ShopError>::new());
    let error = reserve.call(&mut Context::new(), 7).await.unwrap_err();
    assert_eq!((error.cause(), error.retry()), (Some(&CLOSED), Retry::Never));
    assert_eq!(error.cause::<GaveUp>().unwrap().attempts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_whose_copies_all_failed_hides_no_failure() {
    let slow = request_fn(async |_item: u32| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err::<(), Error>(CLOSED.into())
    });
    let delay = Delay::Fixed(Duration::from_millis(10));
    let hedge = HedgeLayer::new(hedge::Config { delay, ratio: 1.0, per_second: 10, ..Default::default() }).unwrap();
    let reserve = local::Local::new(slow).layer(hedge).layer(ChildLayer::new(&RESERVE));
    let error = reserve.layer(RecognizeLayer::<ShopError>::new()).call(&mut Context::new(), 7).await.unwrap_err();
    assert_eq!(error.cause(), Some(&CLOSED));
    assert!(error.cause::<AllFailed>().is_some());
}
