//! HTTP/2, frame by frame, from a server that stops: RFC 9113, 6.8.

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint as _, Method, Retry};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config};

use crate::frames::Frames;
use crate::support::*;

static APPEND: Method = Method::new("stringsvc", "append").path("/append");

/// Endpoints that share a client: one that may run twice, one that may not.
fn both(peer: &Peer) -> [Count; 2] {
    let client = Client::new(Config { http2_only: true, ..Config::default() }).expect("in range");
    [&COUNT, &APPEND].map(|method| client.post(method, &peer.target(), Json).endpoint().expect("a path"))
}

#[tokio::test(start_paused = true)]
async fn streams_above_the_last_one_are_sent_again_whatever_they_do() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let [count, append] = both(&peer);
    let mut cx = Context::new();
    let [mut one, mut two, mut three] = [cx.fork(), cx.fork(), cx.fork()];
    let calls = async {
        tokio::join!(append.call(&mut one, HELLO), append.call(&mut two, HELLO), count.call(&mut three, HELLO))
    };
    let ((one, two, three), _open) = tokio::join!(calls, async {
        let mut old = Frames::accept(&peer).await;
        for stream in [1, 3, 5] {
            assert_eq!(old.request().await, stream);
        }
        old.go_away(1).await;
        // The first goes on to its end; the others come anew, on one connection.
        let mut new = Frames::accept(&peer).await;
        for stream in [1, 3] {
            assert_eq!(new.request().await, stream);
            new.answer(stream).await;
        }
        old.answer(1).await;
        (old, new)
    });
    for value in [one, two, three] {
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
}

#[tokio::test(start_paused = true)]
async fn streams_up_to_the_last_one_may_have_run_and_are_sent_again_only_if_they_may_run_twice() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let [count, append] = both(&peer);
    let mut cx = Context::new();
    let (value, mut old) = tokio::join!(append.call(&mut cx, HELLO), async {
        let mut old = Frames::accept(&peer).await;
        let stream = old.request().await;
        old.answer(stream).await;
        old
    });
    value.unwrap();
    let [mut one, mut two] = [cx.fork(), cx.fork()];
    let calls = async { tokio::join!(append.call(&mut one, HELLO), count.call(&mut two, HELLO)) };
    let ((appended, counted), _new) = tokio::join!(calls, async {
        for stream in [3, 5] {
            assert_eq!(old.request().await, stream);
        }
        old.go_away(5).await;
        drop(old);
        let mut new = Frames::accept(&peer).await;
        let stream = new.request().await;
        new.answer(stream).await;
        assert!(new.request().now_or_never().is_none(), "the other is not sent again");
        new
    });
    let error = appended.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
    assert_eq!(counted.unwrap(), Value { v: 5 });
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_everybody_away_gets_a_call_three_times_at_most() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let [_, append] = both(&peer);
    let mut cx = Context::new();
    let mut connections = 0;
    let serving = async {
        loop {
            let mut frames = Frames::accept(&peer).await;
            connections += 1;
            frames.request().await;
            frames.go_away(0).await;
        }
    };
    let error = tokio::select! {
        result = append.call(&mut cx, HELLO) => result.unwrap_err(),
        () = serving => unreachable!("it serves for ever"),
    };
    assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::Safe));
    assert_eq!(connections, 3);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_nobody_has_noticed_yet_costs_no_call() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (endpoint, says_so) in
        both(&peer).into_iter().zip([false, true]).chain(both(&peer).into_iter().zip([true, false]))
    {
        let serve = async || {
            let mut frames = Frames::accept(&peer).await;
            let stream = frames.request().await;
            frames.answer(stream).await;
            (frames, stream)
        };
        let mut cx = Context::new();
        let (value, (mut old, stream)) = tokio::join!(endpoint.call(&mut cx, HELLO), serve());
        value.unwrap();
        settled().await;
        if says_so {
            old.go_away(stream).await;
        }
        drop(old);
        let (value, _new) = tokio::join!(endpoint.call(&mut cx, HELLO), serve());
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
}
