use kit_core::{Error, Metadata, Method, RequestId, endpoint_fn, endpoint_with};
use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::Played;
use super::rig::TransportRig;
use super::rule::Rule;
use super::served::unary;
use crate::testing::Message;

pub(super) async fn messages<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let measure = endpoint_fn(async |_cx, message: Message| {
        Ok::<_, Error>(Message::new(format!("{}:{}", message.text.len(), message.text)))
    });
    let served = unary(rig, measure).await;
    let texts = [
        String::new(),
        "hello".into(),
        " two words\r\nand a line\t".into(),
        "\"{[\\/'%41+&=;,:]}\"".into(),
        "\0\u{1}\u{1f}\u{7f}\u{85}".into(),
        "e\u{301}ß→\u{2028}𝄞\u{10ffff}".into(),
        "ß".repeat(10_000),
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let answer = served.call(rule, &mut served.context(), Message::new(text.clone())).await;
        let answer = rule.good("an answer", answer).text;
        let same = answer == format!("{}:{text}", text.len());
        rule.check(same, || format!("text {number}, of {} bytes, comes back as {answer:.100?}", text.len()));
    }
    served.was_called(rule, 7);
    Ok(())
}

pub(super) async fn side_by_side<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    // Later calls end before earlier ones.
    let echo = endpoint_fn(async |cx, message: Message| {
        let turns = 16 - message.text.parse().unwrap_or(16);
        for _ in 0..10 * turns {
            yield_now().await;
        }
        cx.outbound_mut().insert("x-text", &message.text)?;
        Ok(message)
    });
    let served = unary(rig, echo).await;
    let call = async |number: u32| {
        let mut cx = served.context();
        let text = number.to_string();
        let answer = served.call(rule, &mut cx, Message::new(text.clone())).await;
        rule.same("the answer", rule.good("an answer", answer).text, text.clone());
        rule.same("its metadata", cx.inbound().get("x-text"), Some(&*text));
    };
    futures_util::future::join_all((0..16).map(call)).await;
    served.was_called(rule, 16);
    Ok(())
}

const BYTES: [u8; 4] = [0, 255, b',', b'='];

/// What the caller sends.
fn there(metadata: &mut Metadata) -> Result<(), Error> {
    metadata.insert("X-Tenant", "acme & sons = 1,2;\"3\"")?;
    metadata.append("x-tag", "a")?;
    metadata.append("x-tag", "b")?;
    metadata.insert_bin("x-key-bin", &BYTES)
}

fn arrived(metadata: &Metadata) -> bool {
    metadata.get("x-tenant") == Some("acme & sons = 1,2;\"3\"")
        && metadata.get_all("X-Tag").eq(["a", "b"])
        && metadata.get_all_bin("x-key-bin").eq([BYTES])
}

/// What the callee sends, by the same names and others.
fn back(metadata: &mut Metadata) -> Result<(), Error> {
    metadata.insert("x-tenant", "the callee's")?;
    metadata.append("x-told", "c")?;
    metadata.append("x-told", "d")?;
    metadata.insert_bin("x-hash-bin", &BYTES)
}

fn came_back(metadata: &Metadata) -> bool {
    metadata.get("x-tenant") == Some("the callee's")
        && metadata.get_all("x-told").eq(["c", "d"])
        && metadata.get_all_bin("x-hash-bin").eq([BYTES])
}

pub(super) async fn metadata<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let service = endpoint_fn(async |cx, _message: Message| {
        let found = if arrived(cx.inbound()) { String::new() } else { format!("{:?}", cx.inbound().headers()) };
        back(cx.outbound_mut())?;
        Ok(Message::new(found))
    });
    let served = unary(rig, service).await;
    let mut cx = served.context();
    rule.good("metadata", there(cx.outbound_mut()));
    let answer = served.call(rule, &mut cx, Message::default()).await;
    let found = rule.good("an answer", answer).text;
    rule.check(found.is_empty(), || format!("the callee found {found}"));
    rule.check(came_back(cx.inbound()), || format!("the caller found {:?}", cx.inbound().headers()));
    // What was meant for the callee is still there for a layer that calls again, and what it said is not sent to the next.
    let kept = cx.outbound().is_some_and(|outbound| arrived(outbound) && outbound.get("x-told").is_none());
    rule.check(kept, || format!("outbound is {:?} after the call", cx.outbound()));
    served.was_called(rule, 1);
    Ok(())
}

pub(super) async fn metadata_with_an_error<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let service = endpoint_fn(async |cx, _message: Message| {
        back(cx.outbound_mut())?;
        match arrived(cx.inbound()) {
            true => Err::<Message, _>(Error::not_found("nobody")),
            false => Err(Error::data_loss("the metadata was lost")),
        }
    });
    let served = unary(rig, service).await;
    let mut cx = served.context();
    rule.good("metadata", there(cx.outbound_mut()));
    let error = rule.bad("the call", served.call(rule, &mut cx, Message::default()).await);
    rule.same("the error", error.message(), "nobody");
    rule.check(came_back(cx.inbound()), || format!("the caller found {:?}", cx.inbound().headers()));
    Ok(())
}

pub(super) async fn names<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let (tell, mut told) = mpsc::channel(2);
    let service = endpoint_with(tell, async |tell, cx, message: Message| {
        let id = cx.request_id().map(ToString::to_string);
        let method = cx.method().map(|method| format!("{}/{}", method.service(), method.name()));
        let _ = tell.try_send((id, method));
        Ok::<_, Error>(message)
    });
    let served = unary(rig, service).await;
    for id in [RequestId::parse("order-7:a/b.c=d@e~f+g").expect("it may be logged"), RequestId::from_bits(9)] {
        let mut cx = served.context();
        cx.set_request_id(id.clone());
        rule.good("an answer", served.call(rule, &mut cx, Message::default()).await);
        let (found, method) = rule.within("the callee's word", told.recv()).await.unwrap_or_default();
        rule.same("the callee's request id", found, Some(id.to_string()));
        rule.same("the callee's method", method.as_deref(), Some("kit.Contract/Unary"));
        rule.same("the caller's request id", cx.request_id(), Some(&id));
    }
    Ok(())
}

/// What nobody but its owner is to find.
struct Private;

pub(super) async fn nothing_else<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let service = endpoint_fn(async |cx, _message: Message| {
        let mut found = Vec::new();
        if cx.extensions().get::<Private>().is_some() {
            found.push("an extension of its caller");
        }
        if cx.inbound().get("x-of-the-callers-caller").is_some() {
            found.push("what its caller was sent");
        }
        if cx.outbound().is_some_and(|outbound| !outbound.is_empty()) {
            found.push("something to say before it has spoken");
        }
        cx.extensions_mut().insert(7_u64);
        Ok::<_, Error>(Message::new(found.join(", ")))
    });
    let served = unary(rig, service).await;
    let mut cx = served.context();
    cx.extensions_mut().insert(Private);
    let mut inbound = Metadata::default();
    rule.good("metadata", inbound.insert("x-of-the-callers-caller", "1"));
    cx.set_inbound(inbound);
    let answer = served.call(rule, &mut cx, Message::default()).await;
    rule.same("what the callee finds", rule.good("an answer", answer).text, String::new());
    rule.check(cx.extensions().get::<u64>().is_none(), || "the caller finds an extension of its callee".into());
    rule.same("the caller's deadline after the call", cx.deadline(), None);
    rule.same("the caller's method after the call", cx.method().map(Method::name), Some("Unary"));
    Ok(())
}
