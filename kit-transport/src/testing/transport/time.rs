use std::convert::Infallible;
use std::time::Duration;

use kit_core::{
    Cancel, ChildLayer, Code, Context, Endpoint, Error, Layer as _, Outcome, Retry, endpoint_fn, endpoint_with,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::Played;
use super::rig::TransportRig;
use super::rule::Rule;
use super::served::{relay, unary};
use crate::testing::Message;

const TIME: Duration = Duration::from_millis(200);

pub(super) async fn hops<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    const STAY: Duration = Duration::from_millis(20);
    let given = rule.patience;
    let (tell, mut told) = mpsc::channel(2);
    let leaf = endpoint_with(tell.clone(), async |tell, cx, message: Message| {
        let _ = tell.try_send(cx.remaining());
        Ok::<_, Error>(message)
    });
    let leaf = unary(rig, leaf).await;
    let next = ChildLayer::new(leaf.method).layer(leaf.endpoint.clone());
    let middle = endpoint_with((tell, next), async |(tell, next), cx, message: Message| {
        let _ = tell.try_send(cx.remaining());
        sleep(STAY).await;
        next.call(cx, message).await
    });
    let served = relay(rig, middle).await;
    let mut cx = served.context_with(given);
    let deadline = cx.deadline();
    rule.good("an answer", served.call(rule, &mut cx, Message::default()).await);
    rule.same("the caller's deadline after the call", cx.deadline(), deadline);
    let first = told.recv().await.flatten();
    let Some(first) = first else { rule.broken("the callee has no deadline") };
    let second = told.recv().await.flatten();
    let Some(second) = second else { rule.broken("the callee's callee has no deadline") };
    rule.check(first <= given, || format!("of {given:?} the callee has {first:?}"));
    rule.check(second + STAY <= first, || format!("of {first:?} its callee has {second:?}, after a stay of {STAY:?}"));
    rule.check(second > Duration::ZERO, || "nothing is left".into());
    Ok(())
}

/// A call that was begun, as its callee sees it.
struct Begun {
    token: Cancel,
    /// Closed when the callee's own future is dropped.
    gone: oneshot::Receiver<Infallible>,
}

impl Begun {
    async fn told(self, rule: &Rule) {
        rule.within("what the callee spawned is told", self.token.cancelled()).await;
        // Nothing is ever sent.
        let _: Result<Infallible, _> = rule.within("the callee's call is dropped", self.gone).await;
    }
}

/// Says that it has begun, and never ends.
fn hanging(begun: mpsc::Sender<Begun>) -> impl Endpoint<Message, Response = Message> {
    endpoint_with(begun, async |begun, cx, _message: Message| {
        let (alive, gone) = oneshot::channel();
        let _ = begun.try_send(Begun { token: cx.cancel_token(), gone });
        let never = std::future::pending().await;
        drop::<oneshot::Sender<Infallible>>(alive);
        never
    })
}

pub(super) async fn deadline<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let (begun, mut calls) = mpsc::channel(1);
    let served = unary(rig, hanging(begun)).await;
    let mut cx = served.context_with(TIME);
    let start = cx.now();
    let error = rule.bad("a call that hangs", served.call(rule, &mut cx, Message::default()).await);
    rule.same("its code", error.code(), Code::DeadlineExceeded);
    rule.same("its outcome", error.outcome(), Outcome::TimedOut);
    let took = start.elapsed();
    rule.check(took >= TIME, || format!("it ended after {took:?} of {TIME:?}"));
    let Some(call) = rule.within("the call", calls.recv()).await else { rule.broken("the callee was not called") };
    call.told(rule).await;
    served.was_called(rule, 1);
    Ok(())
}

pub(super) async fn expired<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let served = unary(rig, endpoint_fn(async |_cx, message: Message| Ok::<_, Error>(message))).await;
    for late in [Duration::ZERO, Duration::from_millis(1)] {
        let cx = served.context();
        let now = cx.now();
        let mut cx = cx.with_deadline(Some(now.checked_sub(late).unwrap_or(now)));
        let error = rule.bad("a call that has no time", served.call(rule, &mut cx, Message::default()).await);
        rule.same("its code", error.code(), Code::DeadlineExceeded);
        rule.same("its reason", error.reason(), Some("deadline_before_call"));
        rule.same("its outcome", error.outcome(), Outcome::Rejected);
        rule.same("its hint", error.retry(), Retry::Safe);
    }
    rule.good("a call with time", served.call(rule, &mut served.context(), Message::default()).await);
    served.was_called(rule, 1);
    Ok(())
}

pub(super) async fn dropped<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let (begun, mut calls) = mpsc::channel(1);
    let served = unary(rig, hanging(begun)).await;
    let mut cx = served.context();
    let call = tokio::select! {
        _ = served.endpoint.call(&mut cx, Message::default()) => rule.broken("what never ends has ended"),
        call = rule.within("the call", calls.recv()) => call,
    };
    let Some(call) = call else { rule.broken("the callee was not called") };
    call.told(rule).await;
    served.was_called(rule, 1);
    Ok(())
}

pub(super) async fn ended<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let (begun, mut calls) = mpsc::channel(1);
    let service = endpoint_with(begun, async |begun, cx, message: Message| {
        let _ = begun.try_send(cx.cancel_token());
        match message.text.is_empty() {
            true => Err(Error::not_found("nothing")),
            false => Ok(message),
        }
    });
    let served = unary(rig, service).await;
    for text in ["", "something"] {
        let mut cx = served.context_with(TIME);
        let deadline = cx.deadline().unwrap_or(cx.now());
        let result = served.call(rule, &mut cx, Message::new(text)).await;
        rule.same("whether the call succeeds", result.is_ok(), !text.is_empty());
        let Some(token) = calls.recv().await else { rule.broken("the callee was not called") };
        past(deadline, cx).await;
        rule.check(!token.is_cancelled(), || "the token of a call that has ended is told".into());
    }
    Ok(())
}

/// Beyond the deadline, and without the caller's context.
async fn past(deadline: Instant, cx: Context) {
    drop(cx);
    sleep_until(deadline + Duration::from_millis(20)).await;
}
