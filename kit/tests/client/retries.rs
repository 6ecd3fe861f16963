use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit::circuit::hedge::{self, Delay, HedgeLayer};
use kit::client::slot;
use kit::discovery::NoInstances;
use kit::{Context, Endpoint, Error, Layer, Outcome, Retry, Routed};
use tokio::time::{Instant, advance};

use crate::net::{Answers, Ask, Listed, Net, READ, WRITE, client, log, plain, registry};

#[tokio::test(start_paused = true)]
async fn what_failed_is_tried_at_another_instance_first() {
    let all = ["a:1", "b:1", "c:1"];
    let (listed, net) = (Listed::of(&all), Net::of(&all));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap().remove(slot::Breaker);
    letters.ready().await.unwrap();
    all.iter().for_each(|address| net.set(address, Answers::Fails));
    let read = letters.endpoint(&READ, Ask);
    for number in 0..6 {
        read.call(&mut Context::new(), number).await.unwrap_err();
        let mut asked = net.asked(number);
        asked.sort_unstable();
        assert_eq!(asked, all, "three attempts, each elsewhere");
    }
}

/// Refuses calls to one instance on this side, as a limit of its own would.
#[derive(Clone)]
struct Shut(&'static str, Arc<AtomicU32>);

struct Refusing<E>(E, Shut);

impl<E> Layer<E> for Shut {
    type Service = Refusing<E>;

    fn layer(&self, inner: E) -> Refusing<E> {
        Refusing(inner, self.clone())
    }
}

impl<C: Send, Req: Send, E: Endpoint<Routed<C, Req>>> Endpoint<Routed<C, Req>> for Refusing<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, routed: Routed<C, Req>) -> Result<E::Response, Error> {
        if &*routed.instance.id != self.1.0 {
            return self.0.call(cx, routed).await;
        }
        self.1.1.fetch_add(1, Ordering::Relaxed);
        Err(Error::resource_exhausted("full").with_outcome(Outcome::Rejected).with_retry(Retry::Safe))
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_who_refused_is_asked_again_for_the_same_call() {
    let (listed, net, refused) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]), Arc::new(AtomicU32::new(0)));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    let letters = letters.replace(slot::Limit, Shut("a:1", Arc::clone(&refused)));
    letters.ready().await.unwrap();
    let write = letters.endpoint(&WRITE, Ask);
    for number in 0..4 {
        assert_eq!(write.call(&mut Context::new(), number).await.unwrap(), "b:1");
    }
    assert_eq!(refused.swap(0, Ordering::Relaxed), 4, "each went there first, and once");

    // Alone it is asked once, and then nobody is left.
    listed.set(&["a:1"]);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let error = write.call(&mut Context::new(), 9).await.unwrap_err();
    assert!(error.cause::<NoInstances>().is_some(), "{error:?}");
    assert_eq!((refused.load(Ordering::Relaxed), net.asked(9).len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_not_run_twice_is_sent_twice_only_if_it_was_not_sent() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    let write = letters.endpoint(&WRITE, Ask);
    net.set("a:1", Answers::Fails);
    let answers = [write.call(&mut Context::new(), 1).await, write.call(&mut Context::new(), 2).await];
    let failed = answers.iter().flat_map(|answer| answer.as_ref().err()).count();
    assert_eq!((failed, net.total()), (1, 2), "one failed at a:1 and stayed there, the other went to b:1");

    net.set("a:1", Answers::Unreached);
    for number in 3..7 {
        assert_eq!(write.call(&mut Context::new(), number).await.unwrap(), "b:1");
        assert_eq!(net.asked(number).len(), 1);
    }
    assert!(letters.get(slot::Retry).handle().stats().repeats >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_goes_to_another_instance_and_what_it_sends_is_in_the_budget() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    net.set("a:1", Answers::Never);
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    let soon = Delay::Fixed(Duration::from_millis(20));
    let hedge = HedgeLayer::new(hedge::Config { delay: soon, per_second: 10, ..Default::default() }).unwrap();
    let hedge = hedge.budget(letters.budget());
    let letters = letters.replace(slot::Hedge, hedge);
    letters.ready().await.unwrap();
    let (read, before) = (letters.endpoint(&READ, Ask), letters.budget().stats(Instant::now()).left);
    for number in 0..4 {
        let began = Instant::now();
        assert_eq!(read.call(&mut Context::new(), number).await.unwrap(), "b:1");
        assert!(began.elapsed() <= Duration::from_millis(20));
    }
    let sent = letters.get(slot::Hedge).handle().stats().sent;
    assert!((1..=4).contains(&sent), "{sent}");
    assert_eq!(before - letters.budget().stats(Instant::now()).left, sent);
}

/// Ten seconds at a hundred calls a second over a set that is dead.
async fn outage(kept: bool) -> usize {
    let all = ["a:1", "b:1", "c:1"];
    let (listed, net) = (Listed::of(&all), Net::of(&all));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    all.iter().for_each(|address| net.set(address, Answers::Fails));
    let bare = letters.clone().remove(slot::Breaker).endpoint(&READ, Ask).boxed();
    let read = if kept { letters.endpoint(&READ, Ask).boxed() } else { bare };
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let read = read.clone();
        calls.spawn(async move { read.call(&mut Context::new(), number).await.is_err() });
        advance(Duration::from_millis(10)).await;
    }
    while let Some(failed) = calls.join_next().await {
        assert!(failed.unwrap());
    }
    net.total()
}

#[tokio::test(start_paused = true)]
async fn over_a_dead_set_the_budget_bounds_what_is_sent() {
    let attempts = outage(false).await;
    // 1.2 × the calls, and ten a second over the ten seconds that the budget looks back on besides.
    assert!((1_200..=1_300).contains(&attempts), "{attempts}");
}

#[tokio::test(start_paused = true)]
async fn with_its_breakers_a_dead_set_is_hardly_asked_at_all() {
    let attempts = outage(true).await;
    assert!((15..=60).contains(&attempts), "{attempts}");
}
