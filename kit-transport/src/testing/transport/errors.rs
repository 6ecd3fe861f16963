use std::time::Duration;

use kit_core::error::BUG_LINE;
use kit_core::failure::{Details, Failure};
use kit_core::{Code, Context, Error, Outcome, Retry, endpoint_fn, endpoint_with};
use tokio::time::sleep;

use super::Played;
use super::rig::{Carried, TransportRig};
use super::rule::Rule;
use super::served::{Served, unary};
use crate::testing::Message;

const PAUSE: Duration = Duration::from_millis(1_500);
/// Text that no caller may ever see.
const SECRET: &str = "hunter2";

#[derive(Debug, thiserror::Error)]
#[error("the password of db-7 is {SECRET}")]
struct Leak;

/// What a service fails with in words of its own.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("refused, as was agreed on")]
struct Refused;

impl Refused {
    const HOLDS: &str = r#"{"of":["a",null,{}],"most":18446744073709551615}"#;
}

impl Failure for Refused {
    const NAME: &'static str = "kit.Contract/Refused";

    fn code(&self) -> Code {
        Code::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        "refused"
    }

    fn details(&self) -> Option<Details> {
        Details::new(Self::NAME, "refused", Some(Self::HOLDS.into()))
    }

    fn from_details(details: &Details) -> Option<Self> {
        (details.reason() == "refused" && details.payload() == Some(Self::HOLDS)).then_some(Refused)
    }
}

/// An error of ours, and one that came from somebody else with what was sent of it.
fn failures() -> [(&'static str, Error, bool); 2] {
    let own = Error::from_failure(Refused).with_cause(Leak);
    let received = Refused.details().map(|details| Error::not_found("somebody else's").with_details(details));
    [("own", own, true), ("received", received.unwrap_or_else(|| Error::bug(Leak)), false)]
}

/// Every code with every hint, each with what must stay behind.
fn cases() -> Vec<(Error, Option<Retry>)> {
    let hints = [None, Some(Retry::After(PAUSE)), Some(Retry::Never), Some(Retry::Safe), Some(Retry::MayHaveRun)];
    let case = |code: Code, hint: Option<Retry>| {
        let line = format!("{code}: 100 % of \"täglich\" → nothing; see a=b, c");
        let error = Error::new(code, line).with_reason(format!("why_{}", code.number()));
        let error = error.with_cause(Leak).with_field("password", SECRET).with_outcome(Outcome::Cancelled);
        (hint.map_or_else(|| error.clone(), |hint| error.clone().with_retry(hint)), hint)
    };
    Code::ALL.into_iter().flat_map(|code| hints.map(|hint| case(code, hint))).collect()
}

/// Whether this is the hint that an error of `code` comes back with that had `sent`.
fn is_hint(hint: Retry, code: Code, sent: Option<Retry>) -> bool {
    match (sent, hint) {
        (Some(Retry::After(pause)), Retry::After(come)) => come >= pause && come < pause + Duration::from_secs(1),
        (Some(Retry::After(_)), _) => false,
        (Some(Retry::Never), hint) => hint == Retry::Never,
        // What else the callee knows is about its own callees.
        (_, hint) => hint == Retry::of_code(code),
    }
}

pub(super) async fn codes<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let cases = cases();
    let failing = endpoint_with(cases.clone(), async |cases, _cx, message: Message| {
        let case =
            message.text.parse().ok().and_then(|number: usize| cases.get(number)).map(|(error, _)| error.clone());
        let failure = || failures().into_iter().find(|(name, ..)| *name == message.text).map(|(_, error, _)| error);
        Err::<Message, _>(case.or_else(failure).unwrap_or_else(|| Error::data_loss("no such case")))
    });
    let served = unary(rig, failing).await;
    for (number, (sent, hint)) in cases.iter().enumerate() {
        let mut cx = served.context();
        let result = served.call(rule, &mut cx, Message::new(number.to_string())).await;
        let error = rule.bad("a call that fails", result);
        let what = |part: &str| format!("the {part} of an error of {} with the hint {hint:?}", sent.code());
        rule.same(&what("code"), error.code(), sent.code());
        rule.same(&what("line"), error.message(), sent.message());
        rule.same(&what("reason"), error.reason(), sent.reason());
        rule.same(&what("id"), error.id(), sent.id());
        rule.same(&what("outcome"), error.outcome(), Outcome::of_code(sent.code()));
        let fits = is_hint(error.retry(), sent.code(), *hint);
        rule.check(fits, || format!("{} is {:?}", what("hint"), error.retry()));
        unseen(rule, &error, &cx);
    }
    // What has no reason gets none.
    let error = rule.bad("a call that fails", served.call(rule, &mut served.context(), Message::new("none")).await);
    rule.same("the reason of an error without one", error.reason(), None);
    if rig.carries(Carried::Failures) {
        details(rule, &served).await;
    }
    Ok(())
}

/// A failure comes to who knows it, and to nobody further.
async fn details(rule: &Rule, served: &Served<Message, Message>) {
    for (name, sent, comes) in failures() {
        let mut cx = served.context();
        let error = rule.bad("a call that fails", served.call(rule, &mut cx, Message::new(name)).await);
        let details = Refused.details().filter(|_| comes);
        rule.same("the code of a failure", error.code(), sent.code());
        rule.same(&format!("what is told of a failure that is {name}"), error.cause(), details.as_ref());
        unseen(rule, &error, &cx);
        let known = error.recognize::<Refused>();
        rule.same(&format!("the failure that is {name}"), known.cause(), Some(&Refused).filter(|_| comes));
    }
}

/// Neither the error nor what came with it says what must not be said.
#[track_caller]
fn unseen(rule: &Rule, error: &Error, cx: &Context) {
    let metadata = cx.inbound().headers().values().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let seen = metadata.collect::<Vec<_>>().join("\n") + &format!("{}\n{error:?}", error.report());
    rule.check(!seen.contains(SECRET), || format!("a secret is out: {seen}"));
}

pub(super) async fn nothing_internal<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let bug = Error::bug(Leak).with_field("password", SECRET);
    let served =
        unary(rig, endpoint_with(bug.clone(), async |bug, _cx, _message: Message| Err::<Message, _>(bug.clone())))
            .await;
    let mut cx = served.context();
    let error = rule.bad("a bug", served.call(rule, &mut cx, Message::default()).await);
    rule.same("its code", error.code(), Code::Internal);
    rule.same("its line", error.message(), BUG_LINE);
    rule.same("its id", error.id(), bug.id());
    rule.check(error.cause::<Leak>().is_none(), || "its cause came too".into());
    unseen(rule, &error, &cx);
    Ok(())
}

pub(super) async fn panics<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    let panicking = endpoint_fn(async |cx, message: Message| {
        cx.outbound_mut().insert("x-begun", "1")?;
        assert!(message.text != "panic", "the password is {SECRET}");
        Ok::<_, Error>(message)
    });
    let served = unary(rig, panicking).await;
    for _ in 0..3 {
        let mut cx = served.context();
        let error = rule.bad("a call that panics", served.call(rule, &mut cx, Message::new("panic")).await);
        rule.same("its code", error.code(), Code::Internal);
        rule.same("its line", error.message(), BUG_LINE);
        unseen(rule, &error, &cx);
        let answer = served.call(rule, &mut served.context(), Message::new("go on")).await;
        rule.same("the next answer", rule.good("the next call", answer).text, "go on".into());
    }
    Ok(())
}

pub(super) async fn once<R: TransportRig>(rig: &mut R, rule: &Rule) -> Played {
    const TIME: Duration = Duration::from_millis(100);
    let failing = endpoint_fn(async |_cx, message: Message| match message.text.parse::<Code>() {
        // The hint that says most clearly that nothing was done.
        Ok(code) => Err::<Message, _>(Error::from_code(code).with_retry(Retry::After(Duration::ZERO))),
        Err(_) if message.text == "panic" => panic!("as it was told"),
        Err(_) => std::future::pending().await,
    });
    let served = unary(rig, failing).await;
    let texts: Vec<_> = Code::ALL.into_iter().map(Code::as_str).chain(["panic", "hang"]).collect();
    for (number, text) in texts.iter().enumerate() {
        let mut cx = if *text == "hang" { served.context_with(TIME) } else { served.context() };
        rule.bad("the call", served.call(rule, &mut cx, Message::new(*text)).await);
        served.was_called(rule, number + 1);
    }
    // What would repeat a call need not do so at once.
    sleep(TIME).await;
    served.was_called(rule, texts.len());
    Ok(())
}
