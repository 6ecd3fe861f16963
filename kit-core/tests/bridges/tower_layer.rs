//! tower's layers in a kit stack, round requests of any type.

use futures_util::FutureExt as _;
use kit_core::bridge::{Carried, Leaf, Slot, TowerLayer};
use kit_core::testing::mock;
use kit_core::{Code, Context, Endpoint as _, Error, endpoint_fn};
use tokio::sync::oneshot;
use tokio::time::advance;
use tower::ServiceBuilder;
use tower::layer::layer_fn;
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower::util::service_fn;

use super::*;

#[tokio::test(start_paused = true)]
async fn towers_timeout_and_concurrency_limit_stand_in_a_kit_stack() {
    let (inner, mut calls) = mock::endpoint::<&str, &str>();
    let endpoint = inner
        .layer(TowerLayer::new(ConcurrencyLimitLayer::new(1)))
        .layer(Noting::default())
        .layer(TowerLayer::new(TimeoutLayer::new(LIMIT)));
    calls.expect("in time").reply("done");
    assert_eq!(endpoint.call(&mut Context::new(), "in time").await.unwrap(), "done");

    calls.expect("slow").hang();
    let (mut one, mut two) = (Context::new(), Context::new());
    let mut slow = std::pin::pin!(endpoint.call(&mut one, "slow"));
    assert!(slow.as_mut().now_or_never().is_none());
    advance(LIMIT / 2).await;
    // One at a time: the second is not begun before the first is over.
    let mut queued = std::pin::pin!(endpoint.call(&mut two, "queued"));
    assert!(queued.as_mut().now_or_never().is_none());
    calls.assert_none();
    calls.expect("queued").reply("at last");
    assert_eq!(slow.await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(queued.await.unwrap(), "at last");
    calls.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_tower_builder_is_one_layer() {
    let layers =
        ServiceBuilder::new().layer(TimeoutLayer::new(LIMIT)).layer(ConcurrencyLimitLayer::new(8)).into_inner();
    let endpoint = endpoint_fn(async |_cx, n: u32| Ok(n + 1)).layer(TowerLayer::new(layers));
    assert_eq!(endpoint.boxed().call(&mut Context::new(), 1).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn our_own_error_comes_through_towers_timeout_as_it_was() {
    let (inner, mut calls) = mock::endpoint::<u32, ()>();
    let endpoint = inner.layer(TowerLayer::new(TimeoutLayer::new(LIMIT)));
    let ours = Error::failed_precondition("not yet").with_reason("too_early");
    calls.expect(1).fail(ours.clone());
    let error = endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!((error.id(), error.code(), error.reason()), (ours.id(), Code::FailedPrecondition, Some("too_early")));
}

#[tokio::test(start_paused = true)]
async fn towers_elapsed_is_a_deadline_exceeded_and_no_bug() {
    let (inner, mut calls) = mock::endpoint::<u32, ()>();
    let endpoint = inner.layer(TowerLayer::new(TimeoutLayer::new(LIMIT)));
    calls.expect(1).hang();
    let error = endpoint.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!((error.code(), error.is_bug()), (Code::DeadlineExceeded, false));
    assert!(error.cause::<tower::timeout::error::Elapsed>().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_set_outside_is_seen_inside_and_what_is_written_inside_outside() {
    let endpoint = endpoint_fn(async |cx, ()| {
        cx.extensions_mut().insert(Word("inside"));
        cx.outbound_mut().insert("x-inside", "yes")?;
        cx.set_outcome(Outcome::BusinessError);
        Ok((cx.deadline(), cx.method(), cx.request_id().cloned(), cx.inbound().get("k").map(String::from)))
    });
    let endpoint = endpoint.layer(TowerLayer::new(TimeoutLayer::new(LIMIT)));
    let mut cx = Context::new();
    cx.set_method(&OUTER);
    cx.set_request_id(kit_core::RequestId::from_bits(7));
    let mut inbound = kit_core::Metadata::default();
    inbound.insert("k", "v").unwrap();
    cx.set_inbound(inbound);
    let now = cx.now();
    let mut scope = cx.scope_after(LIMIT);
    let (deadline, method, id, pair) = endpoint.call(&mut scope, ()).await.unwrap();
    scope.finish();
    assert_eq!(deadline, Some(now + LIMIT));
    assert!(method.is_some_and(|method| std::ptr::eq(method, &OUTER)));
    assert_eq!((id, pair.as_deref()), (Some(kit_core::RequestId::from_bits(7)), Some("v")));

    assert_eq!(cx.extensions().get::<Word>(), Some(&Word("inside")));
    assert_eq!(cx.outbound().and_then(|outbound| outbound.get("x-inside")), Some("yes"));
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::BusinessError);
    assert_eq!(cx.inbound().get("k"), Some("v"));
}

/// Hands out its token, then never ends.
async fn hangs(cx: &mut Context, token: oneshot::Sender<Cancel>) -> Result<(), Error> {
    let mut scope = cx.scope_after(10 * LIMIT);
    scope.set_method(&INNER);
    token.send(scope.cancel_token()).expect("the test listens");
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_tower_layer_abandons_gives_the_callers_back_and_tells_its_own_token() {
    let endpoint = endpoint_fn(hangs).layer(TowerLayer::new(TimeoutLayer::new(LIMIT)));
    let (mut caller, (send, receive)) = (Caller::new(), oneshot::channel());
    let began = Instant::now();
    let call = async { left_behind(receive.await.unwrap()).await.unwrap() };
    let (result, stopped) = tokio::join!(endpoint.call(&mut caller.cx, send), call);
    assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(stopped - began, LIMIT);
    caller.assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_bridged_call_that_is_dropped_tells_its_token_whoever_still_holds_the_slot() {
    // A layer that keeps the slot longer than the call, and never calls on.
    let kept = Arc::new(Mutex::new(None::<Slot>));
    let keeps = Arc::clone(&kept);
    let keeping = layer_fn(move |_: Leaf<_>| {
        let keeps = Arc::clone(&keeps);
        service_fn(move |carried: Carried<()>| {
            *keeps.lock().unwrap_or_else(PoisonError::into_inner) = Some(carried.slot().clone());
            std::future::pending::<Result<(), Error>>()
        })
    });
    let endpoint = endpoint_fn(async |_cx, ()| Ok(())).layer(TowerLayer::new(keeping));

    let mut caller = Caller::new();
    let mut call = Box::pin(endpoint.call(&mut caller.cx, ()));
    assert!(call.as_mut().now_or_never().is_none());
    let slot = kept.lock().unwrap_or_else(PoisonError::into_inner).take().expect("kept");
    let token = slot.with(Context::cancel_token).expect("nobody has taken the context");
    assert!(!token.is_cancelled());
    drop(call);
    assert!(token.is_cancelled());
    assert!(slot.take().is_none(), "an abandoned context is not kept alive");
    caller.assert_restored();
}
