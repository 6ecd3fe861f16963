use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use h2::Reason;
use kit_core::{Context, Endpoint as _, Routed};
use kit_transport::grpc::client;
use tokio::sync::Notify;

use crate::support::*;

type Play = fn(&mut Exchange);

const HOSTILE: [Play; 9] = [
    |x| x.reset(Reason::PROTOCOL_ERROR),
    |x| x.reset(Reason::ENHANCE_YOUR_CALM),
    |x| {
        x.begin();
        x.data(&b"\0\xff\xff\xff\xffmuch more was claimed"[..], false);
    },
    |x| {
        x.begin();
        x.data(&b"\0\0\x40\0\0a claim that is within the limit"[..], true);
    },
    |x| {
        x.begin();
        x.data(vec![0xff; 300_000], false);
        x.trailers(&[("grpc-status", "0")]);
    },
    |x| {
        x.begin();
        x.trailers(&[("grpc-status", "-1"), ("grpc-message", "%%%"), ("grpc-status-details-bin", "!!!")]);
    },
    |x| x.head(200, &[("content-type", "application/grpc"), ("content-length", "1000000")], true),
    |x| x.head(302, &[("location", "/elsewhere")], true),
    |x| {
        x.begin();
        // A hundred thousand empty messages where there is one.
        x.data(vec![0; 500_000], false);
        x.trailers(OK);
    },
];

#[tokio::test(start_paused = true)]
async fn ten_streams_in_flight_finish_while_the_eleventh_is_hostile() {
    let _clock = Clock::hold();
    for hostile in HOSTILE {
        let go = Arc::new(Notify::new());
        let waits = Arc::clone(&go);
        let peer = Peer::start(move |mut exchange: Exchange| {
            let waits = Arc::clone(&waits);
            async move {
                if exchange.head.uri.path().ends_with("Length") {
                    hostile(&mut exchange);
                    // What was sent is to leave before the stream is let go.
                    return settled().await;
                }
                exchange.begin();
                exchange.message(&FIVE);
                waits.notified().await;
                exchange.message(&FIVE);
                exchange.trailers(OK);
            }
        })
        .await;
        let channel = peer.channel(config()).await;
        let routed =
            || Routed { instance: Arc::new(peer.instance()), channel: Arc::clone(&channel), request: text("hello") };
        let words = client::server_stream::<Length>(&WORDS);
        let mut streams = Vec::new();
        for _ in 0..10 {
            let mut stream = words.call(&mut Context::new(), routed()).await.unwrap();
            assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
            streams.push(stream);
        }
        let eleventh = client::unary::<Length>(&LENGTH);
        let error = in_time(eleventh.call(&mut Context::new(), routed())).await.unwrap_err();
        assert!(error.outcome().is_failure(), "{error:?}");
        settled().await;
        let mut rest = pin!(join_all(streams.iter_mut().map(|stream| stream.map(Result::unwrap).collect::<Vec<_>>())));
        assert!((&mut rest).now_or_never().is_none(), "all of them wait");
        go.notify_waiters();
        assert!(in_time(rest).await.iter().all(|rest| *rest == [FIVE]));
        assert_eq!(peer.connections(), 1);
    }
}
