use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _};
use kit_core::{ChildLayer, Code, Context, Endpoint as _, Method, Outcome, RequestId, Retry};
use kit_transport::codec::{Decode as _, Encode as _, Json};
use kit_transport::grpc::client;
use kit_transport::http::client::{Client, Config};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_call_is_sent_as_the_specification_says() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        let told = |name: &str| exchange.header(name).unwrap_or_default().to_owned();
        assert_eq!((exchange.head.method.as_str(), exchange.head.uri.path()), ("POST", "/strings.Strings/Length"));
        assert_eq!((told("content-type"), told("te")), ("application/grpc".to_owned(), "trailers".to_owned()));
        assert!(told("user-agent").starts_with("grpc-rust-kit/"));
        assert_eq!((told("grpc-timeout"), told("grpc-encoding")), ("1500000u".to_owned(), String::new()));
        assert_eq!((told("x-tenant"), told("key-bin")), ("acme".to_owned(), "AP8".to_owned()));
        assert_eq!(told("x-request-id"), format!("{:032x}", 7));
        assert_eq!(exchange.read::<Text>().await, Some(text("hello")));
        assert_eq!(exchange.read::<Text>().await, None);
        exchange.well();
    })
    .await;
    let mut cx = cx_with(std::time::Duration::from_millis(1_500));
    cx.set_request_id(RequestId::from_bits(7));
    // With a context of its own, as inside a stack.
    let client = Client::new(config()).unwrap();
    let length = client::unary::<Length>(&LENGTH).at(&client, &peer.target()).unwrap();
    cx.outbound_mut().insert("x-tenant", "acme").unwrap();
    cx.outbound_mut().insert_bin("key-bin", &[0, 255]).unwrap();
    cx.outbound_mut().insert("content-type", "text/html").unwrap();
    cx.outbound_mut().insert("te", "gzip").unwrap();
    assert_eq!(length.call(&mut cx, text("hello")).await.unwrap(), FIVE);
}

#[tokio::test(start_paused = true)]
async fn what_only_the_protocol_says_is_nobodys_metadata() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        for name in ["grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message", "grpc-status-details-bin"]
        {
            assert_eq!(exchange.header(name), None, "{name}");
        }
        assert_eq!(exchange.header("grpc-timeout"), Some("1500000u"));
        // What layers say in names of gRPC's goes along.
        for (name, value) in [("grpc-previous-rpc-attempts", "1"), ("grpc-trace-bin", "AQI"), ("x-own", "1")] {
            assert_eq!(exchange.header(name), Some(value));
        }
        exchange.well();
    })
    .await;
    let mut cx = cx_with(std::time::Duration::from_millis(1_500));
    for (name, value) in [
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "gzip"),
        ("grpc-status", "0"),
        ("grpc-message", "no"),
        ("grpc-timeout", "9H"),
        ("grpc-previous-rpc-attempts", "1"),
        ("x-own", "1"),
    ] {
        cx.outbound_mut().insert(name, value).unwrap();
    }
    cx.outbound_mut().insert_bin("grpc-status-details-bin", b"none").unwrap();
    cx.outbound_mut().insert_bin("grpc-trace-bin", &[1, 2]).unwrap();
    let client = Client::new(config()).unwrap();
    let length = client::unary::<Length>(&LENGTH).at(&client, &peer.target()).unwrap();
    assert_eq!(length.call(&mut cx, text("hello")).await.unwrap(), FIVE);
}

#[tokio::test(start_paused = true)]
async fn what_came_before_and_after_the_message_is_inbound_metadata() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        let pairs: Pairs<'_> = &[("content-type", "application/grpc+proto"), ("x-both", "head"), ("key-bin", "AP8=")];
        exchange.head(200, pairs, false);
        exchange.message(&FIVE);
        exchange.trailers(&[("grpc-status", "0"), ("x-both", "trailer"), ("x-took", "3ms")]);
    })
    .await;
    let client = Client::new(config()).unwrap();
    let length = client::unary::<Length>(&LENGTH).at(&client, &peer.target()).unwrap();
    let mut cx = Context::new();
    assert_eq!(length.call(&mut cx, text("hello")).await.unwrap(), FIVE);
    assert_eq!(cx.inbound().get_all("x-both").collect::<Vec<_>>(), ["head", "trailer"]);
    assert_eq!((cx.inbound().get("x-took"), cx.inbound().get_bin("key-bin")), (Some("3ms"), Some(vec![0, 255])));
    assert_eq!(cx.sizes().received(), 2, "the bytes of the message");
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_where_it_was_routed_and_below_the_path_of_its_channel() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        assert_eq!(exchange.head.uri.path(), "/strings.Strings/Length");
        exchange.well();
    })
    .await;
    let length = kit_core::Layer::layer(&ChildLayer::new(&LENGTH), client::unary::<Length>(&LENGTH));
    let routed = peer.routed(config(), text("hello")).await;
    assert_eq!(length.call(&mut Context::new(), routed).await.unwrap(), FIVE);

    let below = Peer::start(async |mut exchange: Exchange| {
        assert_eq!(exchange.head.uri.path(), "/below/strings.Strings/Length");
        exchange.well();
    })
    .await;
    let client = Client::new(config()).unwrap();
    let target = format!("{}/below", below.target()).parse().unwrap();
    let length = client::unary::<Length>(&LENGTH).endpoint(&client, &target).unwrap();
    assert_eq!(length.call(&mut Context::new(), text("hello")).await.unwrap(), FIVE);
}

#[tokio::test(start_paused = true)]
async fn another_codec_names_its_format() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        assert_eq!(exchange.header("content-type"), Some("application/grpc+json"));
        let bytes = exchange.body.data().await.unwrap().unwrap();
        let sent: Text = Json.decode(&bytes[5..]).unwrap();
        assert_eq!(sent, text("hello"));
        exchange.head(200, &[("content-type", "application/grpc+json")], false);
        let body = Json.encode(&FIVE).unwrap();
        exchange.data([&[0, 0, 0, 0, body.len() as u8][..], &body].concat(), false);
        exchange.trailers(OK);
    })
    .await;
    let client = Client::new(config()).unwrap();
    let length = client::unary::<Length>(&LENGTH).codec(Json).endpoint(&client, &peer.target()).unwrap();
    assert_eq!(length.call(&mut Context::new(), text("hello")).await.unwrap(), FIVE);
}

#[tokio::test(start_paused = true)]
async fn connections_that_do_not_speak_http2_are_refused() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |_| panic!("nothing is sent")).await;
    let http1 = Client::new(Config::default()).unwrap();
    let error = client::unary::<Length>(&LENGTH).endpoint(&http1, &peer.target()).unwrap_err();
    assert_eq!(told(&error), (Code::FailedPrecondition, Some("http2_required"), Retry::Never));
    let routed = peer.routed(Config::default(), text("hello")).await;
    let error = client::unary::<Length>(&LENGTH).call(&mut Context::new(), routed).await.unwrap_err();
    assert_eq!(told(&error), (Code::FailedPrecondition, Some("http2_required"), Retry::Never));
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(peer.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_method_without_a_path_is_refused() {
    static NAMELESS: Method = Method::new("strings.Strings", "");
    let _clock = Clock::hold();
    let peer = Peer::start(async |_| panic!("nothing is sent")).await;
    let client = Client::new(config()).unwrap();
    let error = client::unary::<Length>(&NAMELESS).endpoint(&client, &peer.target()).unwrap_err();
    assert_eq!(told(&error), (Code::InvalidArgument, Some("bad_path"), Retry::Never));
    let routed = peer.routed(config(), text("hello")).await;
    let error = client::unary::<Length>(&NAMELESS).call(&mut Context::new(), routed).await.unwrap_err();
    assert_eq!((told(&error).1, error.outcome()), (Some("bad_path"), Outcome::Rejected));
}

#[tokio::test(start_paused = true)]
async fn calls_are_spread_over_as_many_connections_as_there_may_be() {
    let _clock = Clock::hold();
    let open = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = Arc::clone(&open);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let waits = Arc::clone(&waits);
        async move {
            let _turn = waits.acquire().await.unwrap();
            exchange.well();
        }
    })
    .await;
    let channel = peer.channel(Config { http2_connections: 3, ..config() }).await;
    let length = client::unary::<Length>(&LENGTH);
    let mut contexts: Vec<Context> = (0..12).map(|_| Context::new()).collect();
    let calls = contexts.iter_mut().map(|cx| {
        let (instance, channel) = (Arc::new(peer.instance()), Arc::clone(&channel));
        length.call(cx, kit_core::Routed { instance, channel, request: text("hello") })
    });
    let mut calls = std::pin::pin!(futures_util::future::join_all(calls));
    while peer.connections() < 3 {
        assert!((&mut calls).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    open.add_permits(12);
    assert!(in_time(calls).await.into_iter().all(|answer| answer.unwrap() == FIVE));
    assert_eq!((peer.connections(), channel.connections()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_head_may_be_all_there_is() {
    let _clock = Clock::hold();
    let pairs: Pairs<'_> = &[("content-type", "application/grpc"), ("grpc-status", "0"), ("x-head", "1")];
    let peer = Peer::start(move |mut exchange: Exchange| async move { exchange.head(200, pairs, true) }).await;
    let mut none = peer.words().call(&mut Context::new(), text("")).await.unwrap();
    assert!(none.next().await.is_none());
    assert_eq!(none.end().ended().expect("ended").outcome(), Outcome::Success);

    let pairs: Pairs<'_> = &[
        ("content-type", "application/grpc"),
        ("grpc-status", "5"),
        ("grpc-message", "no such%20word: %E2%98%BA"),
        ("x-head", "1"),
    ];
    let peer = Peer::start(move |mut exchange: Exchange| async move { exchange.head(200, pairs, true) }).await;
    let client = Client::new(config()).unwrap();
    let words = client::server_stream::<Length>(&WORDS).at(&client, &peer.target()).unwrap();
    let mut cx = Context::new();
    let error = words.call(&mut cx, text("")).await.unwrap_err();
    assert_eq!(told(&error), (Code::NotFound, None, Retry::Never));
    assert_eq!((error.message(), error.outcome()), ("no such word: \u{263a}", Outcome::BusinessError));
    assert_eq!(cx.inbound().get("x-head"), Some("1"));
    assert!(cx.stream().is_none());
}
