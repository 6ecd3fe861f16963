use std::convert::Infallible;

use futures_util::{StreamExt as _, stream};
use kit_core::{Endpoint as _, Error, Streaming, endpoint_fn};
use tokio::sync::{mpsc, oneshot};

use super::Played;
use super::rig::TransportRig;
use super::rule::Rule;
use super::served::{take, talk};
use super::source::{Source, Then};
use crate::codec::Messages;
use crate::testing::Message;

/// Joins what comes by a space.
async fn joined(mut messages: Messages<Message>) -> Result<Message, Error> {
    let mut texts = Vec::new();
    while let Some(message) = messages.next().await {
        texts.push(message?.text);
    }
    Ok(Message::new(texts.join(" ")))
}

pub(super) async fn order<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let join = endpoint_fn(async |cx, messages: Messages<Message>| {
        let tenant = cx.inbound().get("x-tenant").unwrap_or("none").to_owned();
        cx.outbound_mut().insert("x-tenant", &tenant)?;
        joined(messages).await
    });
    let served = take(rig, join).await?;
    for count in [0, 1, 1_000] {
        let mut cx = served.context();
        rule.good("metadata", cx.outbound_mut().insert("x-tenant", "acme"));
        let (source, watch) = Source::new(count, Then::End);
        let answer = served.call(rule, &mut cx, Messages::new(source)).await;
        let wanted = (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        let answer = rule.good("an answer", answer).text;
        rule.check(answer == wanted, || format!("of {count} requests come {answer:.200?}"));
        rule.same("the metadata", cx.inbound().get("x-tenant"), Some("acme"));
        watch.gone(rule).await;
    }
    served.was_called(rule, 3);
    Ok(())
}

pub(super) async fn lockstep<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let double = endpoint_fn(async |cx, messages: Messages<Message>| {
        Ok(Streaming::new(
            cx,
            messages.map(|message| message.map(|message| Message::new(format!("{0}{0}", message.text)))),
        ))
    });
    let served = talk(rig, double).await?;
    let (ask, mut asked) = mpsc::channel(1);
    let questions = Messages::new(stream::poll_fn(move |task| asked.poll_recv(task)));
    let mut cx = served.context();
    // Some wires do not begin an answer before they have something of the request.
    rule.check(ask.try_send(Ok(Message::new("0"))).is_ok(), || "nobody takes the first question".into());
    let answer = served.call(rule, &mut cx, questions).await;
    let mut answers = rule.good("an answer", answer);
    for number in 0..5 {
        let answer = rule.within("an answer to each question", answers.next()).await;
        let text = answer.and_then(Result::ok).map(|message| message.text);
        rule.same("the answer", text, Some(format!("{number}{number}")));
        let sent = rule.within("room for a question", ask.send(Ok(Message::new((number + 1).to_string())))).await;
        rule.good("the next question", sent.map_err(drop));
    }
    drop(ask);
    let last = rule.within("the last answer", answers.next()).await.and_then(Result::ok);
    rule.same("the last answer", last.map(|message| message.text).as_deref(), Some("55"));
    let end = rule.within("the end", answers.next()).await;
    rule.check(end.is_none(), || format!("after the last question comes {end:?}"));
    served.was_called(rule, 1);
    Ok(())
}

pub(super) async fn dropped<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let (begun, mut calls) = mpsc::channel::<oneshot::Receiver<Infallible>>(1);
    let service = kit_core::endpoint_with(begun, async |begun, _cx, messages: Messages<Message>| {
        let (alive, gone) = oneshot::channel::<Infallible>();
        let _ = begun.try_send(gone);
        let answer = joined(messages).await;
        drop(alive);
        answer
    });
    let served = take(rig, service).await?;
    let (source, watch) = Source::new(3, Then::Hang);
    let mut cx = served.context();
    let gone = tokio::select! {
        _ = served.endpoint.call(&mut cx, Messages::new(source)) => rule.broken("what never ends has ended"),
        gone = rule.within("the call", calls.recv()) => gone,
    };
    watch.gone(rule).await;
    let Some(gone) = gone else { rule.broken("the callee was not called") };
    // Nothing is ever sent.
    let _: Result<Infallible, _> = rule.within("the callee's call ends", gone).await;
    served.was_called(rule, 1);
    Ok(())
}
