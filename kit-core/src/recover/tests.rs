use std::panic::panic_any;
use std::sync::Mutex;
use std::sync::{Arc, PoisonError};

use super::*;
use crate::error::{BUG_LINE, bugs};
use crate::{Code, Context, Endpoint, Error, Observer, Outcome, endpoint_fn, request_fn};

/// Panics with the given text before there is a future to poll.
struct Eager;

impl Endpoint<&'static str> for Eager {
    type Response = ();

    fn call(&self, _cx: &mut Context, text: &'static str) -> impl Future<Output = Result<(), Error>> + Send {
        if !text.is_empty() {
            panic!("{text}");
        }
        std::future::ready(Ok(()))
    }
}

#[track_caller]
fn assert_panicked(error: &Error, message: &str) {
    assert!(error.is_bug());
    assert_eq!((error.code(), error.message()), (Code::Internal, BUG_LINE));
    assert_eq!(error.outcome(), Outcome::BackendError);
    assert_eq!(error.cause::<Panicked>().expect("a panic").message(), message);
}

#[tokio::test]
async fn a_panic_while_polled_is_a_bug_of_this_call_alone() {
    let endpoint = request_fn(async |divisor: u32| {
        tokio::task::yield_now().await;
        Ok(10 / divisor)
    });
    let endpoint = endpoint.layer(RecoverLayer::new());
    let before = bugs();
    let error = endpoint.call(&mut Context::new(), 0).await.unwrap_err();
    assert_panicked(&error, "attempt to divide by zero");
    assert!(bugs() > before);
    assert_eq!(endpoint.call(&mut Context::new(), 2).await.unwrap(), 5);
}

#[tokio::test]
async fn a_panic_while_the_future_is_made_is_caught_as_well() {
    let endpoint = Eager.layer(RecoverLayer::new());
    let error = endpoint.call(&mut Context::new(), "too early").await.unwrap_err();
    assert_panicked(&error, "too early");
    endpoint.call(&mut Context::new(), "").await.unwrap();
}

#[tokio::test]
async fn an_error_is_no_panic() {
    let endpoint = endpoint_fn(async |_cx, ()| Err::<(), _>(Error::not_found("no"))).layer(RecoverLayer::new());
    let error = endpoint.call(&mut Context::new(), ()).await.unwrap_err();
    assert_eq!((error.code(), error.is_bug()), (Code::NotFound, false));
}

#[tokio::test]
async fn a_panic_without_a_text_says_so() {
    let endpoint = request_fn(async |code: u32| {
        if code > 0 {
            panic_any(code);
        }
        Ok(())
    });
    let error = endpoint.layer(RecoverLayer::new()).call(&mut Context::new(), 7).await.unwrap_err();
    assert_panicked(&error, "(no message)");
}

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Error>>>);

impl Observer<Error> for Heard {
    fn observe(&self, event: &Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

#[tokio::test]
async fn an_observer_is_told_once_by_the_layer_that_caught_it() {
    let (near, far) = (Heard::default(), Heard::default());
    let endpoint = Eager.layer(RecoverLayer::observed(near.clone())).layer(RecoverLayer::observed(far.clone()));
    let error = endpoint.call(&mut Context::new(), "once").await.unwrap_err();
    let heard = near.0.lock().unwrap();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].id(), error.id());
    assert!(far.0.lock().unwrap().is_empty(), "for the outer one it is an error like any other");
}

#[tokio::test]
async fn the_net_outside_catches_what_a_layer_between_does() {
    let (inner, outer) = (Heard::default(), Heard::default());
    let clumsy = crate::middleware_fn(async |cx, text: &'static str, next: crate::Next<'_, &'static str, ()>| {
        next.call(cx, "").await?;
        if text.is_empty() { Ok(()) } else { panic!("in a layer: {text}") }
    });
    let endpoint =
        Eager.layer(RecoverLayer::observed(inner.clone())).layer(clumsy).layer(RecoverLayer::observed(outer.clone()));
    let error = endpoint.call(&mut Context::new(), "oh").await.unwrap_err();
    assert_panicked(&error, "in a layer: oh");
    assert!(inner.0.lock().unwrap().is_empty());
    assert_eq!(outer.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_callers_deadline_method_and_token_survive_a_panic_inside() {
    static METHOD: crate::Method = crate::Method::new("tests", "panics");
    let endpoint = endpoint_fn(async |cx, ()| {
        let mut scope = cx.scope_after(std::time::Duration::from_secs(1));
        scope.set_method(&METHOD);
        let token = scope.cancel_token();
        scope.extensions_mut().insert(token);
        tokio::task::yield_now().await;
        if scope.deadline().is_some() { panic!("in a scope") } else { Ok(()) }
    });
    let mut cx = Context::new();
    let token = cx.cancel_token();
    endpoint.layer(RecoverLayer::new()).call(&mut cx, ()).await.unwrap_err();
    assert!(cx.deadline().is_none() && cx.method().is_none() && !token.is_cancelled());
    assert!(cx.extensions().get::<crate::Cancel>().expect("left by the handler").is_cancelled());
}
