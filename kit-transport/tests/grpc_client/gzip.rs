use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kit_core::{Code, Context, Endpoint as _, Error, Retry};
use kit_transport::grpc::{Config, client};
use kit_transport::http::client::Client;
use prost::Message as _;

use crate::support::*;

fn gzip() -> Config {
    let mut config = Config::default();
    config.gzip = true;
    config
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    [&[1][..], &u32::try_from(packed.len()).unwrap().to_be_bytes(), &packed].concat()
}

const GZIPPED: Pairs<'static> = &[("content-type", "application/grpc"), ("grpc-encoding", "gzip")];

async fn call(peer: &Peer, config: Config, s: &str) -> Result<Text, Error> {
    let http = Client::new(crate::support::config()).unwrap();
    let upper = client::unary::<Text>(&LENGTH).config(config).endpoint(&http, &peer.target()).unwrap();
    upper.call(&mut Context::new(), text(s)).await
}

#[tokio::test(start_paused = true)]
async fn messages_are_compressed_both_ways_where_that_was_chosen() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        assert_eq!(exchange.header("grpc-encoding"), Some("gzip"));
        assert_eq!(exchange.header("grpc-accept-encoding"), Some("gzip,identity"));
        let sent = exchange.body.data().await.unwrap().unwrap();
        assert_eq!(sent[0], 1);
        assert!(sent.len() < 1_000, "{} bytes", sent.len());
        let mut read = Vec::new();
        GzDecoder::new(&sent[5..]).read_to_end(&mut read).unwrap();
        exchange.head(200, GZIPPED, false);
        exchange.data(deflated(&read), false);
        exchange.trailers(OK);
    })
    .await;
    let long = "x".repeat(100_000);
    assert_eq!(call(&peer, gzip(), &long).await.unwrap(), text(&long));
}

#[tokio::test(start_paused = true)]
async fn a_message_may_come_as_it_is_all_the_same() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        // One that compression would make longer.
        assert_eq!(exchange.read::<Text>().await, Some(text("a")));
        exchange.head(200, GZIPPED, false);
        exchange.message(&text("b"));
        exchange.trailers(OK);
    })
    .await;
    assert_eq!(call(&peer, gzip(), "a").await.unwrap(), text("b"));
}

#[tokio::test(start_paused = true)]
async fn what_inflates_past_the_limit_is_not_inflated() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.head(200, GZIPPED, false);
        exchange.data(deflated(&text(&"x".repeat(5 * 1024 * 1024)).encode_to_vec()), false);
        exchange.trailers(OK);
    })
    .await;
    let error = call(&peer, gzip(), "a").await.unwrap_err();
    assert_eq!(told(&error), (Code::ResourceExhausted, Some("message_too_large"), Retry::Never));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_inflated_is_internal() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.head(200, GZIPPED, false);
        exchange.data(&b"\x01\0\0\0\x03abc"[..], false);
        exchange.trailers(OK);
    })
    .await;
    let error = call(&peer, gzip(), "a").await.unwrap_err();
    assert_eq!(told(&error), (Code::Internal, Some("message_damaged"), Retry::MayHaveRun));
}
