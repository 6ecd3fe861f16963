//! A cap on the connections to one instance, and who waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use kit_core::{Code, Context, Endpoint as _, Outcome, Retry};
use kit_transport::http::client::{Config, NoConnection};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::channel::{channel, routed, view};
use crate::support::*;

const LIMIT: Duration = Duration::from_millis(500);

fn capped(max_connections: usize) -> Config {
    Config { max_connections, ..Config::default() }
}

/// How many connections a server has.
#[derive(Default)]
struct Seen {
    open: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

/// Serves whoever comes for as long as it is polled.
async fn serve_all(peer: &Peer, seen: &Arc<Seen>) {
    let mut lines = JoinSet::new();
    loop {
        let mut line = peer.accept().await;
        let seen = Arc::clone(seen);
        seen.all.fetch_add(1, Ordering::SeqCst);
        seen.most.fetch_max(1 + seen.open.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        lines.spawn(async move {
            while line.next_request().await.is_some() {
                line.send(five()).await;
            }
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_are_open_than_may_be_however_many_calls_come() {
    let _clock = Clock::hold();
    let (peer, seen) = (Peer::bind().await, Arc::new(Seen::default()));
    let (channel, view) = (channel(&peer, capped(8)).await, view());
    let call = async || {
        let mut cx = Context::new();
        view.call(&mut cx, routed(&channel, HELLO)).await
    };
    let calls = in_time(join_all((0..200).map(|_| call())));
    let values = tokio::select! {
        values = calls => values,
        () = serve_all(&peer, &seen) => unreachable!("it serves for ever"),
    };
    assert!(values.into_iter().all(|value| value.unwrap() == Value { v: 5 }));
    assert_eq!((seen.most.load(Ordering::SeqCst), seen.all.load(Ordering::SeqCst)), (8, 8));
    assert_eq!((channel.connections(), channel.waiting()), (8, 0));
}

/// On several threads, where calls end, leave and arrive in between one another's steps.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn calls_that_are_dropped_on_any_thread_take_no_place_with_them() {
    const CAP: usize = 4;
    let (peer, seen) = (Peer::bind().await, Arc::new(Seen::default()));
    let (channel, view) = (channel(&peer, capped(CAP)).await, Arc::new(view()));
    let serving = tokio::spawn(async move { serve_all(&peer, &seen).await });
    let mut calls = JoinSet::new();
    for number in 0..600_usize {
        let (channel, view) = (Arc::clone(&channel), Arc::clone(&view));
        calls.spawn(async move {
            let mut cx = Context::new();
            let call = view.call(&mut cx, routed(&channel, HELLO));
            let steps = async {
                for _ in 0..number % 40 {
                    tokio::task::yield_now().await;
                }
            };
            if number % 3 == 0 {
                call.await.unwrap();
            } else {
                tokio::select! {
                    result = call => drop(result.unwrap()),
                    () = steps => {}
                }
            }
            assert!(channel.connections() <= CAP);
        });
    }
    let all = async {
        while let Some(done) = calls.join_next().await {
            done.unwrap();
        }
        // Every place is there: as many calls as places run at once.
        let mut cx: Vec<_> = (0..CAP).map(|_| Context::new()).collect();
        for result in join_all(cx.iter_mut().map(|cx| view.call(cx, routed(&channel, HELLO)))).await {
            result.unwrap();
        }
        kit_core::Channel::close(&*channel).await;
    };
    timeout(Duration::from_secs(60), all).await.expect("no call waits for ever");
    assert_eq!((channel.connections(), channel.waiting()), (0, 0));
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_served_first_and_who_leaves_makes_room() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view) = (channel(&peer, capped(1)).await, view());
    let text = |s: &'static str| routed(&channel, Text { s });
    let mut cx = std::array::from_fn::<_, 4, _>(|_| Context::new());
    let [one, two, three, four] = &mut cx;
    let (mut one, mut two) = (Box::pin(view.call(one, text("one"))), Box::pin(view.call(two, text("two"))));
    let (mut three, mut four) = (Box::pin(view.call(three, text("three"))), Box::pin(view.call(four, text("four"))));
    assert!((&mut one).now_or_never().is_none());
    assert!((&mut two).now_or_never().is_none());
    assert!((&mut three).now_or_never().is_none());
    assert!((&mut four).now_or_never().is_none());
    assert_eq!((channel.connections(), channel.waiting()), (1, 3));
    drop(two);
    assert_eq!(channel.waiting(), 2);
    let served = async {
        let mut line = peer.accept().await;
        let mut order = Vec::new();
        for _ in 0..3 {
            order.push(String::from_utf8(line.serve(&five()).await.body).unwrap());
        }
        order
    };
    let (one, three, four, order) = tokio::join!(one, three, four, served);
    assert!(one.is_ok() && three.is_ok() && four.is_ok());
    assert_eq!(order, [r#"{"s":"one"}"#, r#"{"s":"three"}"#, r#"{"s":"four"}"#]);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_the_next_ones_whatever_became_of_its_call() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view, five) = (channel(&peer, capped(1)).await, view(), five());
    // Dropped, reset, cut short, garbled: each time the call that waited has the next connection.
    for end in 0..4 {
        let (mut one, mut two) = (Context::new(), Context::new());
        let mut first = Box::pin(view.call(&mut one, routed(&channel, HELLO)));
        assert!((&mut first).now_or_never().is_none());
        let second = view.call(&mut two, routed(&channel, HELLO));
        let (value, ()) = tokio::join!(second, async {
            let mut line = match first.as_mut().now_or_never() {
                Some(result) => panic!("{result:?}"),
                None => {
                    let (line, ()) = tokio::join!(peer.accept(), async {
                        assert!(tokio::select! { biased; _ = &mut first => false, () = settled() => true });
                    });
                    line
                }
            };
            line.request().await;
            match end {
                0 => drop(first),
                1 => {
                    line.reset();
                    first.await.unwrap_err();
                }
                2 => {
                    line.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{").await;
                    drop(line);
                    first.await.unwrap_err();
                }
                _ => {
                    line.send("what?\r\n\r\n").await;
                    first.await.unwrap_err();
                }
            }
            let (_, line) = peer.serve(&five).await;
            drop(line);
        });
        assert_eq!(value.unwrap(), Value { v: 5 }, "{end}");
        settled().await;
        assert_eq!((channel.connections(), channel.waiting()), (0, 0), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_the_queue_full_is_refused_at_once() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let config = Config { max_waiting: 1, ..capped(1) };
    let (channel, view) = (channel(&peer, config).await, view());
    let (mut one, mut two, mut three) = (Context::new(), Context::new(), Context::new());
    let mut first = Box::pin(view.call(&mut one, routed(&channel, HELLO)));
    let mut second = Box::pin(view.call(&mut two, routed(&channel, HELLO)));
    assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
    let error = view.call(&mut three, routed(&channel, HELLO)).now_or_never().expect("at once").unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connections_busy"), Retry::Safe));
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(error.cause(), Some(&NoConnection::Full { connections: 1, waiting: 1 }));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_ends_at_its_deadline_and_was_not_sent() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view) = (channel(&peer, capped(1)).await, view());
    let (mut one, mut two) = (Context::new(), cx_with(LIMIT));
    let deadline = two.deadline().expect("a limit");
    let mut first = Box::pin(view.call(&mut one, routed(&channel, HELLO)));
    assert!((&mut first).now_or_never().is_none());
    let (result, ()) = tokio::join!(view.call(&mut two, routed(&channel, HELLO)), clock.advance(LIMIT));
    let error = result.unwrap_err();
    assert_eq!(told(&error), (Code::DeadlineExceeded, Some("deadline_before_call"), Retry::Safe));
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(error.cause(), Some(&NoConnection::Deadline { waited: LIMIT }));
    assert_eq!((two.now(), channel.waiting()), (deadline, 0));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_never_answers_holds_each_call_to_its_deadline_and_no_place_longer() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view, five) = (channel(&peer, capped(1)).await, view(), five());
    for _ in 0..3 {
        let mut cx = cx_with(LIMIT);
        let deadline = cx.deadline();
        let (result, line) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), async {
            let mut line = peer.accept().await;
            line.request().await;
            clock.advance(LIMIT).await;
            line
        });
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.retry()), (Code::DeadlineExceeded, Retry::MayHaveRun));
        assert_eq!(Some(cx.now()), deadline);
        line.closed().await;
    }
    let mut cx = Context::new();
    let (value, _) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), peer.serve(&five));
    value.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_restarted_on_its_port_costs_no_call() {
    const CAP: usize = 5;
    let _clock = Clock::hold();
    let mut peer = Peer::bind().await;
    let (channel, view) = (channel(&peer, capped(CAP)).await, view());
    for _ in 0..3 {
        let calls = async {
            let mut cx: Vec<_> = (0..2 * CAP).map(|_| Context::new()).collect();
            join_all(cx.iter_mut().map(|cx| view.call(cx, routed(&channel, HELLO)))).await
        };
        let seen = Arc::default();
        let values = tokio::select! {
            values = in_time(calls) => values,
            () = serve_all(&peer, &seen) => unreachable!("it serves for ever"),
        };
        for value in values {
            assert_eq!(value.unwrap(), Value { v: 5 });
        }
        // Its lines are dropped with the server; another one listens on the same port.
        assert_eq!(channel.connections(), CAP);
        peer = peer.restart().await;
    }
}
