use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Context, Endpoint as _};
use kit_transport::http::client::Config;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn calls_one_after_the_other_share_a_connection() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx, five) = (count(&peer), Context::new(), five());
    let (value, (_, mut line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    for _ in 0..3 {
        let (value, _) = tokio::join!(count.call(&mut cx, HELLO), line.serve(&five));
        value.unwrap();
    }
    assert!(peer.accept().now_or_never().is_none(), "one connection is enough");
}

#[tokio::test(start_paused = true)]
async fn calls_side_by_side_have_a_fork_and_a_connection_each() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx, five) = (count(&peer), Context::new(), five());
    let (mut one, mut two) = (cx.fork(), cx.fork());
    let (x, y, lines) = tokio::join!(count.call(&mut one, HELLO), count.call(&mut two, HELLO), async {
        // Both are open before either is answered.
        let (mut first, mut second) = (peer.accept().await, peer.accept().await);
        second.serve(&five).await;
        first.serve(&five).await;
        (first, second)
    });
    assert_eq!((x.unwrap(), y.unwrap()), (Value { v: 5 }, Value { v: 5 }));
    drop(lines);
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_is_closed_after_its_time() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let config = Config { idle_timeout: Duration::from_secs(2), ..Config::default() };
    let (count, mut cx, five) = (count_with(&peer, config), Context::new(), five());
    let (value, (_, line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    clock.advance(Duration::from_secs(3)).await;
    let (value, (_, mut fresh)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    line.closed().await;
    let (value, _) = tokio::join!(count.call(&mut cx, HELLO), fresh.serve(&five));
    value.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_closed_is_not_used_again() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx, five) = (count(&peer), Context::new(), five());
    for _ in 0..3 {
        let (value, (_, line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
        value.unwrap();
        drop(line);
        settled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_unused_connections_are_kept_than_the_settings_say() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let config = Config { max_idle_per_host: 1, ..Config::default() };
    let (count, mut cx, five) = (count_with(&peer, config), Context::new(), five());
    let (mut one, mut two) = (cx.fork(), cx.fork());
    let (x, y, (first, second)) = tokio::join!(count.call(&mut one, HELLO), count.call(&mut two, HELLO), async {
        let (mut first, mut second) = (peer.accept().await, peer.accept().await);
        first.serve(&five).await;
        second.serve(&five).await;
        (first, second)
    });
    assert!(x.is_ok() && y.is_ok());
    // The one that came back last is one too many.
    tokio::select! {
        () = first.closed() => {}
        () = second.closed() => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_clone_of_a_client_closes_its_connections() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx, five) = (count(&peer), Context::new(), five());
    let (value, (_, line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    drop(count);
    line.closed().await;
}
