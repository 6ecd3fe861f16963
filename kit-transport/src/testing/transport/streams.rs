use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use kit_core::error::BUG_LINE;
use kit_core::testing::contract::NotShown;
use kit_core::{Cancel, Code, Context, Endpoint as _, Error, Outcome, Retry, Streaming};
use tokio::time::sleep;

use super::Played;
use super::rig::{Carried, TransportRig};
use super::rule::Rule;
use super::served::{Served, items};
use super::source::{Answering, Source, Then, Watch};
use crate::testing::Message;

const TIME: Duration = Duration::from_millis(300);

/// A service that answers its one call with a stream.
struct Serving {
    served: Served<Message, Streaming<Message>>,
    source: Watch,
    token: Arc<OnceLock<Cancel>>,
}

impl Serving {
    async fn new<R: TransportRig>(rig: &mut R, count: usize, then: Then) -> Result<Self, NotShown> {
        let (source, watch) = Source::new(count, then);
        let (service, token) = Answering::with(source);
        Ok(Self { served: items(rig, service).await?, source: watch, token })
    }

    async fn call(&self, rule: &Rule, cx: &mut Context) -> Streaming<Message> {
        let answer = self.served.call(rule, cx, Message::default()).await;
        rule.good("an answer", answer)
    }

    /// The source is dropped, and what the callee spawned is told.
    async fn stopped(self, rule: &Rule) {
        self.source.gone(rule).await;
        let Some(token) = self.token.get() else { rule.broken("the callee was not called") };
        rule.within("what the callee spawned is told", token.cancelled()).await;
        self.served.was_called(rule, 1);
    }
}

/// The items that are left, and the error that follows them.
async fn read(rule: &Rule, streaming: &mut Streaming<Message>) -> (Vec<String>, Option<Error>) {
    let mut items = Vec::new();
    let all = async {
        while let Some(item) = streaming.next().await {
            match item {
                Ok(item) => items.push(item.text),
                Err(error) => return Some(error),
            }
        }
        None
    };
    let error = rule.within("the end of the stream", all).await;
    (items, error)
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

pub(super) async fn order<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    const COUNT: usize = 1_000;
    let serving = Serving::new(rig, COUNT, Then::End).await?;
    let mut cx = serving.served.context();
    let mut streaming = serving.call(rule, &mut cx).await;
    rule.same("the metadata before the first item", cx.inbound().get("x-leading"), Some("of the stream"));
    rule.check(cx.stream().is_some(), || "the stream is not announced to the caller's layers".into());
    let (items, error) = read(rule, &mut streaming).await;
    rule.check(items == numbers(COUNT) && error.is_none(), || format!("{} items, then {error:?}", items.len()));
    rule.check(streaming.next().await.is_none(), || "something follows the end".into());
    rule.same("how it ended", streaming.end().ended().map(|ended| ended.outcome()), Some(Outcome::Success));
    serving.source.gone(rule).await;
    let told = serving.token.get().is_none_or(Cancel::is_cancelled);
    rule.check(!told, || "the token of a stream that has ended is told".into());
    serving.served.was_called(rule, 1);
    // None at all is a stream too.
    let serving = Serving::new(rig, 0, Then::End).await?;
    let mut streaming = serving.call(rule, &mut serving.served.context()).await;
    let (items, error) = read(rule, &mut streaming).await;
    rule.check(items.is_empty() && error.is_none(), || format!("{} items of none, then {error:?}", items.len()));
    Ok(())
}

pub(super) async fn trailers<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    if !rig.carries(Carried::Trailers) {
        return Err(NotShown);
    }
    for then in [Then::End, Then::Fail(Error::aborted("torn"))] {
        let serving = Serving::new(rig, 3, then.clone()).await?;
        let mut cx = serving.served.context();
        let mut streaming = serving.call(rule, &mut cx).await;
        rule.same("a trailer before the end", cx.inbound().get("x-sum"), None);
        let (items, error) = read(rule, &mut streaming).await;
        rule.same("the items", items, numbers(3));
        rule.same("whether it fails", error.is_some(), matches!(then, Then::Fail(_)));
        let Some(ended) = streaming.end().ended() else { rule.broken("the stream has not ended") };
        rule.same("the trailer", ended.trailers().get("x-sum"), Some("6"));
        rule.same("the binary trailer", ended.trailers().get_bin("x-hash-bin"), Some(vec![0, 255]));
    }
    Ok(())
}

pub(super) async fn error<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    for count in [0, 1, 100] {
        let serving = Serving::new(rig, count, Then::Fail(Error::aborted("torn"))).await?;
        let result = serving.served.call(rule, &mut serving.served.context(), Message::default()).await;
        // Before the first item the call itself may fail.
        let (items, error) = match result {
            Ok(mut streaming) => {
                let read = read(rule, &mut streaming).await;
                rule.check(streaming.next().await.is_none(), || "something follows an error".into());
                read
            }
            Err(error) => (Vec::new(), Some(error)),
        };
        rule.same("the items before the error", items, numbers(count));
        rule.check(error.is_some(), || "the error looks like an end".into());
        serving.source.gone(rule).await;
        serving.served.was_called(rule, 1);
    }
    Ok(())
}

pub(super) async fn own_error<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    if !rig.carries(Carried::StreamErrors) {
        return Err(NotShown);
    }
    for code in Code::ALL {
        let sent = Error::new(code, "100 % täglich").with_reason("why").with_retry(Retry::Never);
        let serving = Serving::new(rig, 2, Then::Fail(sent.clone())).await?;
        let mut streaming = serving.call(rule, &mut serving.served.context()).await;
        let (items, error) = read(rule, &mut streaming).await;
        rule.same("the items before the error", items, numbers(2));
        let Some(error) = error else { rule.broken("the error looks like an end") };
        rule.same("its code", error.code(), code);
        rule.same("its line", error.message(), sent.message());
        rule.same("its reason", error.reason(), sent.reason());
        rule.same("its id", error.id(), sent.id());
        rule.same("its hint", error.retry(), Retry::Never);
        let ended = streaming.end().ended().and_then(|ended| ended.error().map(Error::id));
        rule.same("the error that its end has", ended, Some(sent.id()));
    }
    Ok(())
}

pub(super) async fn panics<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let serving = Serving::new(rig, 2, Then::Panic).await?;
    let mut streaming = serving.call(rule, &mut serving.served.context()).await;
    let (items, error) = read(rule, &mut streaming).await;
    rule.same("the items before the panic", items, numbers(2));
    let Some(error) = error else { rule.broken("a panic looks like an end") };
    if rig.carries(Carried::StreamErrors) {
        rule.same("its code", error.code(), Code::Internal);
        rule.same("its line", error.message(), BUG_LINE);
    }
    rule.check(!format!("{error:?}").contains("as it was told"), || format!("it leaks: {error:?}"));
    serving.source.gone(rule).await;
    Ok(())
}

pub(super) async fn dropped<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    // One that waits, and one that never does.
    for then in [Then::Hang, Then::More] {
        let serving = Serving::new(rig, 1, then).await?;
        let mut streaming = serving.call(rule, &mut serving.served.context()).await;
        let first = rule.within("the first item", streaming.next()).await;
        rule.check(matches!(&first, Some(Ok(item)) if item.text == "0"), || format!("the first item is {first:?}"));
        drop(streaming);
        serving.stopped(rule).await;
    }
    // And one whose call is dropped with it.
    let serving = Serving::new(rig, 1, Then::Hang).await?;
    let mut cx = serving.served.context();
    let mut streaming = rule.good("an answer", serving.served.endpoint.call(&mut cx, Message::default()).await);
    let _ = rule.within("the first item", streaming.next()).await;
    drop((streaming, cx));
    serving.stopped(rule).await;
    Ok(())
}

pub(super) async fn deadline<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let serving = Serving::new(rig, 2, Then::Hang).await?;
    let mut cx = serving.served.context_with(TIME);
    let start = cx.now();
    let mut streaming = serving.call(rule, &mut cx).await;
    let (items, error) = read(rule, &mut streaming).await;
    rule.same("the items before the deadline", items, numbers(2));
    rule.same("the code at the deadline", error.map(|error| error.code()), Some(Code::DeadlineExceeded));
    let took = start.elapsed();
    rule.check(took >= TIME, || format!("it ended after {took:?} of {TIME:?}"));
    serving.stopped(rule).await;
    Ok(())
}

pub(super) async fn slow<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    /// Of 16 KiB each, 32 MiB: above what sockets and windows hold, and reached in no time by a source that runs ahead.
    const MOST: usize = 2 * 1024;
    const LOOK: Duration = Duration::from_millis(100);
    let serving = Serving::new(rig, 1, Then::More).await?;
    let mut streaming = serving.call(rule, &mut serving.served.context()).await;
    let _ = rule.within("the first item", streaming.next()).await;
    let mut asked = serving.source.asked();
    loop {
        sleep(LOOK).await;
        let now = serving.source.asked();
        rule.check(now <= MOST, || format!("{now} items are made, of which one was read"));
        if now == asked {
            break;
        }
        asked = now;
    }
    // And it goes on when the reader does.
    for _ in 0..asked + 10 {
        let item = rule.within("an item", streaming.next()).await;
        rule.check(matches!(item, Some(Ok(_))), || "the stream breaks off".into());
    }
    rule.check(serving.source.asked() > asked, || "the source does not go on".into());
    drop(streaming);
    serving.stopped(rule).await;
    Ok(())
}
