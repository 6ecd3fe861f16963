use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::{Instant, advance};

use super::*;
use crate::recover::RecoverLayer;
use crate::testing::mock;
use crate::{
    Cancel, Code, Context, Endpoint, Error, Layer as _, Metadata, Method, Outcome, RequestId, Streaming, endpoint_fn,
    endpoint_with,
};

static HANDLER: Method = Method::new("tests", "handler");
static CALLEE: Method = Method::new("tests", "callee").idempotent();

const SECOND: Duration = Duration::from_secs(1);

fn metadata(key: &str, value: &str) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert(key, value).unwrap();
    metadata
}

/// A caller with everything that must not be touched.
fn caller() -> Context {
    let now = Instant::now();
    let mut cx = Context::at(now).with_deadline(Some(now + 10 * SECOND));
    cx.set_method(&HANDLER);
    cx.set_request_id(RequestId::from_bits(7));
    cx.set_inbound(metadata("from", "the caller"));
    cx.outbound_mut().insert("to", "the caller").unwrap();
    cx.extensions_mut().insert("left by a layer");
    cx
}

/// A callee that writes all that a transport and its layers may write.
fn callee() -> impl Endpoint<&'static str, Response = usize> {
    endpoint_fn(async |cx, text: &'static str| {
        cx.outbound_mut().insert("to", "the callee")?;
        cx.set_inbound(metadata("from", "the callee"));
        cx.extensions_mut().insert("the callee's");
        cx.attempts_mut().set_number(4);
        cx.set_outcome(Outcome::BackendError);
        if text.is_empty() { Err(Error::not_found("nothing")) } else { Ok(text.len()) }
    })
}

#[track_caller]
fn assert_untouched(cx: &Context) {
    assert_eq!(cx.inbound().get("from"), Some("the caller"));
    let outbound = cx.outbound().expect("what the caller wrote");
    assert_eq!((outbound.len(), outbound.get("to")), (1, Some("the caller")));
    assert_eq!(cx.extensions().get::<&str>(), Some(&"left by a layer"));
    assert_eq!(cx.attempts().number(), 0);
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::Success);
    assert!(cx.method().is_some_and(|method| std::ptr::eq(method, &HANDLER)));
    assert!(cx.stream().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_meant_for_the_callee_or_came_from_it_never_reaches_the_caller() {
    let client = callee().layer(ChildLayer::new(&CALLEE));
    let mut cx = caller();
    assert_eq!(client.call(&mut cx, "text").await.unwrap(), 4);
    assert_untouched(&cx);
    assert_eq!(client.call(&mut cx, "").await.unwrap_err().code(), Code::NotFound);
    assert_untouched(&cx);
}

#[tokio::test(start_paused = true)]
async fn the_callee_has_the_callers_deadline_and_identity_and_its_own_method() {
    let client = endpoint_fn(async |cx, ()| {
        Ok((cx.deadline(), cx.request_id().cloned(), cx.method(), cx.inbound().len(), cx.outbound().is_none()))
    })
    .layer(ChildLayer::new(&CALLEE));
    let mut cx = caller();
    let (deadline, id, method, inbound, nothing_out) = client.call(&mut cx, ()).await.unwrap();
    assert_eq!((deadline, id.as_ref()), (cx.deadline(), cx.request_id()));
    assert!(method.is_some_and(|method| std::ptr::eq(method, &CALLEE)));
    assert!(inbound == 0 && nothing_out);
}

#[tokio::test]
async fn what_is_asked_for_comes_back_after_an_answer_and_after_an_error() {
    let client = callee().layer(ChildLayer::new(&CALLEE).returning(|caller, child| {
        caller.extensions_mut().insert(child.inbound().get("from").map(str::to_owned));
    }));
    for text in ["text", ""] {
        let mut cx = caller();
        let _ = client.call(&mut cx, text).await;
        assert_eq!(cx.extensions().get::<Option<String>>(), Some(&Some("the callee".to_owned())));
        assert_untouched(&cx);
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_view_of_the_time_is_fresh_after_the_call() {
    let client = endpoint_fn(async |cx, ()| {
        advance(3 * SECOND).await;
        cx.stamp();
        Ok(())
    })
    .layer(ChildLayer::new(&CALLEE));
    let mut cx = caller();
    let begun = cx.begin();
    client.call(&mut cx, ()).await.unwrap();
    assert_eq!(cx.now() - begun, 3 * SECOND);
    // The handler goes on: its own measure was not ended by its callee's.
    advance(SECOND).await;
    assert_eq!(cx.end() - begun, 4 * SECOND);
}

#[tokio::test]
async fn a_unary_handler_that_reads_a_stream_has_no_stream() {
    let client = endpoint_fn(async |cx, to: u32| Ok(Streaming::new(cx, stream::iter((0..to).map(Ok)))))
        .layer(ChildLayer::new(&CALLEE));
    let mut cx = caller();
    let numbers: Vec<_> = client.call(&mut cx, 3).await.unwrap().collect().await;
    assert_eq!(numbers.len(), 3);
    assert_untouched(&cx);
}

/// Keeps the token of the call that it answers.
fn with_token<T: Send + 'static>(
    answer: fn(&mut Context) -> T,
) -> (impl Endpoint<(), Response = T>, Arc<Mutex<Option<Cancel>>>) {
    let kept = Arc::new(Mutex::new(None));
    let endpoint = endpoint_with((Arc::clone(&kept), answer), async |state, cx, ()| {
        *state.0.lock().expect("nobody panics with it") = Some(cx.cancel_token());
        Ok((state.1)(cx))
    });
    (endpoint.layer(ChildLayer::new(&CALLEE)), kept)
}

fn token(kept: &Mutex<Option<Cancel>>) -> Cancel {
    kept.lock().expect("nobody panics with it").clone().expect("a call was made")
}

#[tokio::test]
async fn what_a_finished_call_spawned_goes_on() {
    let (client, kept) = with_token(|_| ());
    let mut cx = caller();
    client.call(&mut cx, ()).await.unwrap();
    drop(cx);
    assert!(!token(&kept).is_cancelled());
}

#[tokio::test]
async fn a_stream_keeps_the_childs_token_and_tells_it_when_it_is_cut_short() {
    for (read, told) in [(3, false), (1, true)] {
        let (client, kept) = with_token(|cx| Streaming::new(cx, stream::iter([Ok(1), Ok(2)])));
        let mut numbers = client.call(&mut caller(), ()).await.unwrap();
        assert!(!token(&kept).is_cancelled());
        for _ in 0..read {
            numbers.next().await;
        }
        drop(numbers);
        assert_eq!(token(&kept).is_cancelled(), told, "after {read} of 2 and the end");
    }
}

#[tokio::test]
async fn an_abandoned_call_tells_the_childs_token_and_not_the_callers() {
    let (inner, mut calls) = mock::endpoint::<_, ()>();
    calls.expect("hang").hang();
    let kept = Arc::new(Mutex::new(None));
    let client = endpoint_with((inner, Arc::clone(&kept)), async |state, cx, request: &'static str| {
        *state.1.lock().expect("nobody panics with it") = Some(cx.cancel_token());
        state.0.call(cx, request).await
    })
    .layer(ChildLayer::new(&CALLEE));
    let mut cx = caller();
    let own = cx.cancel_token();
    assert!(client.call(&mut cx, "hang").now_or_never().is_none(), "polled once, then dropped");
    assert!(token(&kept).is_cancelled());
    assert!(!own.is_cancelled());
    assert_untouched(&cx);
}

/// An endpoint for requests of any type, as a client's is where messages are whatever its codec writes.
struct Anything;

impl<Req: Send> Endpoint<Req> for Anything {
    type Response = ();

    async fn call(&self, _cx: &mut Context, _request: Req) -> Result<(), Error> {
        Ok(())
    }
}

#[tokio::test]
async fn a_layer_is_put_round_a_child_before_its_request_has_a_type() {
    let child = ChildLayer::new(&CALLEE).layer(Anything);
    let client = child.layer(RecoverLayer::new());
    client.call(&mut caller(), "a text").await.unwrap();
    client.call(&mut caller(), 7).await.unwrap();
}
