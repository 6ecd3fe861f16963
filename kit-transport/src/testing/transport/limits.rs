use kit_core::testing::contract::NotShown;
use kit_core::{Code, Error, Retry, endpoint_fn};

use super::Played;
use super::rig::TransportRig;
use super::rule::Rule;
use super::served::{Served, unary};
use crate::testing::Message;

/// A call whose message is too large, one way or the other.
async fn refused(rule: &Rule, served: &Served<Message, Message>, text: String) {
    let error =
        rule.bad("a message that is too large", served.call(rule, &mut served.context(), Message::new(text)).await);
    rule.same("its code", error.code(), Code::ResourceExhausted);
    rule.same("its hint", error.retry(), Retry::Never);
}

pub(super) async fn request<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let limit = rig.limit().ok_or(NotShown)?;
    let length =
        endpoint_fn(async |_cx, message: Message| Ok::<_, Error>(Message::new(message.text.len().to_string())));
    let served = unary(rig, length).await;
    for (turn, bytes) in [limit + 1, 8 * limit].into_iter().enumerate() {
        refused(rule, &served, "x".repeat(bytes)).await;
        let answer = served.call(rule, &mut served.context(), Message::new("x".repeat(limit / 2))).await;
        rule.same("the length of half the limit", rule.good("half the limit", answer).text, (limit / 2).to_string());
        served.was_called(rule, turn + 1);
    }
    Ok(())
}

pub(super) async fn answer<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let limit = rig.limit().ok_or(NotShown)?;
    let large = endpoint_fn(async |_cx, message: Message| {
        Ok::<_, Error>(Message::new("x".repeat(message.text.parse().unwrap_or_default())))
    });
    let served = unary(rig, large).await;
    for bytes in [limit + 1, 8 * limit] {
        refused(rule, &served, bytes.to_string()).await;
        let answer = served.call(rule, &mut served.context(), Message::new((limit / 2).to_string())).await;
        rule.same("the length of half the limit", rule.good("half the limit", answer).text.len(), limit / 2);
    }
    served.was_called(rule, 4);
    Ok(())
}
