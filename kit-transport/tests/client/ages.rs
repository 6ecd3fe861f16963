//! Connections that grow old.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::sources::SeededRandom;
use kit_core::{Context, Endpoint as _, Factory as _, Instance};
use kit_transport::http::client::{Channel, Channels, Config};

use crate::channel::{routed, view};
use crate::frames::Frames;
use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

fn config(http2_only: bool) -> Config {
    let hour = Duration::from_secs(3_600);
    Config { max_age: Some(100 * SECOND), idle_timeout: hour, keep_alive: hour, http2_only, ..Config::default() }
}

async fn channel(peer: &Peer, http2_only: bool, seed: u64) -> Arc<Channel> {
    let channels = Channels::new(config(http2_only)).unwrap().random(SeededRandom::new(seed));
    Arc::new(channels.make(&Instance::new(peer.address().to_string())).await.unwrap())
}

/// A call each second; the second of the first that has another connection.
async fn retired(clock: &Clock, seed: u64) -> u32 {
    let peer = Peer::bind().await;
    let (channel, view, five) = (channel(&peer, false, seed).await, view(), five());
    let mut cx = Context::new();
    let (value, (_, mut line)) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), peer.serve(&five));
    value.unwrap();
    for second in 1.. {
        clock.advance(SECOND).await;
        let mut cx = Context::new();
        let (value, fresh) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), async {
            tokio::select! {
                Some(_) = line.next_request() => {
                    line.send(&five).await;
                    None
                }
                (_, fresh) = peer.serve(&five) => Some(fresh),
            }
        });
        value.unwrap();
        if fresh.is_some() {
            line.closed().await;
            return second;
        }
    }
    unreachable!("no connection lives for ever")
}

#[tokio::test(start_paused = true)]
async fn a_connection_takes_no_call_after_its_age_and_those_of_one_moment_end_at_different_ones() {
    let clock = Clock::hold();
    let mut seconds = Vec::new();
    for seed in 0..6 {
        seconds.push(retired(&clock, seed).await);
    }
    assert!(seconds.iter().all(|second| (90..=100).contains(second)), "{seconds:?}");
    assert_eq!(retired(&clock, 3).await, seconds[3], "the same chance, the same second");
    seconds.sort_unstable();
    seconds.dedup();
    assert!(seconds.len() >= 3, "{seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_on_a_connection_that_is_too_old_goes_on() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view) = (channel(&peer, true, 1).await, view());
    let (mut long, mut short) = (cx_with(1_000 * SECOND), cx_with(1_000 * SECOND));
    let calls = async {
        let mut slow = Box::pin(view.call(&mut long, routed(&channel, HELLO)));
        let (mut old, stream) = tokio::select! {
            _ = &mut slow => panic!("nobody answered"),
            begun = async {
                let mut old = Frames::accept(&peer).await;
                let stream = old.request().await;
                (old, stream)
            } => begun,
        };
        clock.advance(100 * SECOND).await;
        let (value, new) = tokio::join!(view.call(&mut short, routed(&channel, HELLO)), async {
            let mut new = Frames::accept(&peer).await;
            let stream = new.request().await;
            new.answer(stream).await;
            new
        });
        value.unwrap();
        assert_eq!(channel.connections(), 2);
        let (value, ()) = tokio::join!(slow, old.answer(stream));
        value.unwrap();
        // With its last call it ends.
        old.closed().await;
        new
    };
    let _new = in_time(calls).await;
    settled().await;
    assert_eq!(channel.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_uses_is_closed_at_its_age() {
    let clock = Clock::hold();
    for http2_only in [false, true] {
        let peer = Peer::bind().await;
        let (channel, view, five) = (channel(&peer, http2_only, 7).await, view(), five());
        let mut cx = Context::new();
        let served = async {
            if http2_only {
                let mut frames = Frames::accept(&peer).await;
                let stream = frames.request().await;
                frames.answer(stream).await;
                (Some(frames), None)
            } else {
                (None, Some(peer.serve(&five).await.1))
            }
        };
        let (value, (frames, line)) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), served);
        value.unwrap();
        settled().await;
        clock.advance(89 * SECOND).await;
        settled().await;
        assert_eq!(channel.connections(), 1);
        clock.advance(11 * SECOND).await;
        settled().await;
        match (frames, line) {
            (Some(frames), _) => frames.closed().await,
            (_, Some(line)) => line.closed().await,
            _ => unreachable!("one of both"),
        }
        settled().await;
        assert_eq!(channel.connections(), 0);
        assert!(peer.accept().now_or_never().is_none());
    }
}
