//! Channels to instances: who is called, by which name, below which path.

use std::sync::Arc;

use kit_core::{
    Channel as _, ChildLayer, Code, Context, Endpoint as _, Factory as _, Instance, Method, Outcome, Retry, Routed,
};
use kit_transport::codec::Json;
use kit_transport::http::client::{self, Binding, Channel, Channels, Config, NoConnection, Picked};
use kit_transport::http::{Body, Request};

use crate::deadlines::deaf;
use crate::support::*;

static GET: Method = Method::new("profiles", "get").path("/profiles/{id}").idempotent();

#[tokio::test(start_paused = true)]
async fn a_view_calls_whichever_instance_the_request_was_routed_to() {
    let _clock = Clock::hold();
    let (one, two) = (Peer::bind().await, Peer::bind().await);
    let (to_one, to_two) = (channel(&one, Config::default()).await, channel(&two, Config::default()).await);
    let (view, five) = (view(), five());
    for (peer, channel) in [(&one, &to_one), (&two, &to_two)] {
        let mut cx = Context::new();
        let (value, (request, _line)) = tokio::join!(view.call(&mut cx, routed(channel, HELLO)), peer.serve(&five));
        assert_eq!(value.unwrap(), Value { v: 5 });
        assert_eq!((request.line(), &*request.body), ("POST /count HTTP/1.1", &br#"{"s":"hello"}"#[..]));
        assert_eq!(request.header("host"), Some(&*peer.address().to_string()));
        assert_eq!(cx.peer(), Some(peer.address()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_stands_below_that_of_the_channels_and_the_name_is_theirs() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channels =
        Channels::new(Config::default()).unwrap().path("/a/b/").unwrap().authority("strings.local:80").unwrap();
    let channel = Arc::new(channels.make(&instance(&peer)).await.unwrap());
    let five = five();
    let get: Binding<u64, Value, Json, Picked> =
        client::get(&GET, Json).parameter("id", |id| *id).query("x", |id| Some(*id)).binding().unwrap();
    let mut cx = Context::new();
    let (value, (request, mut line)) = tokio::join!(get.call(&mut cx, routed(&channel, 7)), peer.serve(&five));
    value.unwrap();
    assert_eq!(request.line(), "GET /a/b/profiles/7?x=7 HTTP/1.1");
    assert_eq!(request.header("host"), Some("strings.local"), "without the port that is everybody's");
    let view = view();
    for _ in 0..2 {
        let (value, request) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), line.serve(&five));
        value.unwrap();
        assert_eq!(request.line(), "POST /a/b/count HTTP/1.1");
    }
    let raw = client::raw();
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "http://elsewhere/c?d=e".parse().unwrap();
    let (response, request) = tokio::join!(raw.call(&mut cx, routed(&channel, request)), line.serve(&five));
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!((request.line(), request.header("host")), ("GET /a/b/c?d=e HTTP/1.1", Some("strings.local")));
}

#[tokio::test(start_paused = true)]
async fn a_hook_sees_where_the_request_goes() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, Config::default()).await;
    let expected = format!("http://{}/count", peer.address());
    let view = client::post(&COUNT, Json).before(move |_cx, request| {
        assert_eq!(request.uri().to_string(), expected);
        *request.uri_mut() = "http://elsewhere/counted".parse().unwrap();
        Ok(())
    });
    let (view, five, mut cx) = (view.binding::<Value>().unwrap(), five(), Context::new());
    let (value, (request, _line)) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), peer.serve(&five));
    value.unwrap();
    // It may write another path, and not another host: the instance is picked.
    assert_eq!(request.line(), "POST /counted HTTP/1.1");
    assert_eq!(request.header("host"), Some(&*peer.address().to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_view_with_a_child_stands_alone_and_one_without_in_a_stack() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, Config::default()).await;
    let five = five();
    let alone = client::post(&COUNT, Json).endpoint::<Value>().unwrap();
    let mut cx = Context::new();
    cx.outbound_mut().insert("x-mine", "1").unwrap();
    let (value, (request, mut line)) = tokio::join!(alone.call(&mut cx, routed(&channel, HELLO)), peer.serve(&five));
    assert!(value.is_ok() && request.header("x-mine").is_none());
    let inside = view();
    let (value, request) = tokio::join!(inside.call(&mut cx, routed(&channel, HELLO)), line.serve(&five));
    assert!(value.is_ok() && request.header("x-mine") == Some("1"));
    let layered = view().layer(ChildLayer::new(&COUNT));
    let (value, _) = tokio::join!(layered.call(&mut cx, routed(&channel, HELLO)), line.serve(&five));
    value.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_listens_there_and_the_place_is_free_again() {
    let _clock = Clock::hold();
    for http2_only in [false, true] {
        let peer = Peer::bind().await;
        let channel = channel(&peer, Config { http2_only, max_connections: 1, ..Config::default() }).await;
        drop(peer);
        for _ in 0..3 {
            let error = view().call(&mut Context::new(), routed(&channel, HELLO)).await.unwrap_err();
            assert_eq!(told(&error), (Code::Unavailable, Some("connect_failed"), Retry::Safe));
            assert!(error.fields().any(|(key, value)| key == "target" && value == channel.address()));
            assert_eq!((channel.connections(), channel.waiting()), (0, 0));
        }
    }
}

#[tokio::test]
async fn what_is_no_address_path_or_name_is_refused() {
    let channels = || Channels::new(Config::default()).unwrap();
    for address in ["", "h:0", "h:", "user@h", "h/path", "h?a=b", "http://h", "a b"] {
        let error = channels().make(&Instance::new(address)).await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("bad_target")), "{address:?}");
        assert!(channels().authority(address).is_err(), "{address:?}");
    }
    for path in ["strings", ".evil", ":80", "@h", "/a?b", "/a b"] {
        assert_eq!(channels().path(path).unwrap_err().code(), Code::InvalidArgument, "{path:?}");
    }
    let error = Channels::new(Config { max_connections: 0, ..Config::default() }).unwrap_err();
    assert_eq!(error.message(), "max_connections is 0, outside [1, 65536]");
    let channel = channels().make(&Instance::new("[::1]:80")).await.unwrap();
    assert_eq!((channel.address(), &*format!("{channel:?}")), ("[::1]:80", "Channel([::1]:80)"));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_dropped_closes_what_nobody_uses_and_ends_no_call() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, Config::default()).await;
    let five = five();
    let (mut one, mut two) = (Context::new(), Context::new());
    let (view, raw) = (view(), client::raw());
    let (first, second, (idle, mut busy)) = tokio::join!(
        view.call(&mut one, routed(&channel, HELLO)),
        raw.call(&mut two, routed(&channel, Request::new(Body::empty()))),
        async {
            let mut lines = [peer.accept().await, peer.accept().await];
            let first = lines[0].request().await;
            lines[1].request().await;
            let [a, b] = lines;
            let (mut idle, mut busy) = if first.line().starts_with("POST") { (a, b) } else { (b, a) };
            idle.send(&five).await;
            busy.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").await;
            (idle, busy)
        }
    );
    first.unwrap();
    let body = second.unwrap().into_body();
    drop(channel);
    idle.closed().await;
    busy.send("cd").await;
    assert_eq!(in_time(body.bytes(10)).await.unwrap(), "abcd");
    busy.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_channel_cuts_what_is_left_and_refuses_what_comes() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, Config { max_connections: 2, ..Config::default() }).await;
    let view = view();
    let (mut one, mut two, mut three) = (Context::new(), Context::new(), Context::new());
    let mut streamed = Context::new();
    let calls = async {
        let raw = client::raw();
        let (response, line) =
            tokio::join!(raw.call(&mut streamed, routed(&channel, Request::new(Body::empty()))), async {
                let mut line = peer.accept().await;
                line.request().await;
                line.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").await;
                line
            });
        let body = response.unwrap().into_body();
        let closing = async {
            let mut other = peer.accept().await;
            other.request().await;
            settled().await;
            assert_eq!((channel.connections(), channel.waiting()), (2, 1));
            channel.close().await;
            assert_eq!((channel.connections(), channel.waiting()), (0, 0));
            other
        };
        let (first, second, other) = tokio::join!(
            view.call(&mut one, routed(&channel, HELLO)),
            view.call(&mut two, routed(&channel, HELLO)),
            closing
        );
        other.closed().await;
        let error = in_time(body.bytes(10)).await.unwrap_err();
        assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
        line.closed().await;
        [first, second]
    };
    let [in_flight, waiting] = in_time(calls).await;
    assert_eq!(told(&in_flight.unwrap_err()), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
    let later = view.call(&mut three, routed(&channel, HELLO)).await;
    for refused in [waiting, later] {
        let error = refused.unwrap_err();
        assert_eq!(told(&error), (Code::Unavailable, Some("channel_closed"), Retry::Safe));
        assert_eq!((error.cause(), error.outcome()), (Some(&NoConnection::Closed), Outcome::Rejected));
    }
    channel.close().await;
    assert!(channel.is_closed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_keeps_no_socket_of_a_closed_channel() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, Config::default()).await;
    let (raw, mut cx) = (client::raw(), Context::new());
    let (response, line) = tokio::join!(raw.call(&mut cx, routed(&channel, Request::new(Body::empty()))), async {
        let mut line = peer.accept().await;
        line.request().await;
        line.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await;
        // As much as there is room for on the way.
        let more = async {
            loop {
                line.send([b'x'; 4096]).await;
            }
        };
        tokio::select! {
            () = more => {}
            () = settled() => {}
        }
        line
    });
    let body = response.unwrap().into_body();
    in_time(channel.close()).await;
    assert_eq!(channel.connections(), 0);
    drop(line);
    let error = in_time(body.bytes(usize::MAX)).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_connecting_does_not_outlast_its_channel() {
    let _clock = Clock::hold();
    let (target, _queued, _listener) = deaf().await;
    for http2_only in [false, true] {
        let channels = Channels::new(Config { http2_only, ..Config::default() }).unwrap();
        let channel = Arc::new(channels.make(&Instance::new(target.authority())).await.unwrap());
        let mut cx = Context::new();
        let view = view();
        let (result, ()) = tokio::join!(view.call(&mut cx, routed(&channel, HELLO)), async {
            settled().await;
            assert_eq!(channel.connections(), 1);
            channel.close().await;
        });
        assert_eq!(told(&result.unwrap_err()), (Code::Unavailable, Some("channel_closed"), Retry::Safe));
        assert_eq!(channel.connections(), 0);
    }
}

fn instance(peer: &Peer) -> Instance {
    Instance::new(peer.address().to_string())
}

/// The channel to `peer` with these settings.
pub(crate) async fn channel(peer: &Peer, config: Config) -> Arc<Channel> {
    let channels = Channels::new(config).expect("settings in range");
    Arc::new(channels.make(&instance(peer)).await.expect("an address"))
}

/// `count` at whichever instance was picked.
pub(crate) fn view() -> Binding<Text, Value, Json, Picked> {
    client::post(&COUNT, Json).binding().expect("a path")
}

/// A request that goes this way.
pub(crate) fn routed<Req>(channel: &Arc<Channel>, request: Req) -> Routed<Arc<Channel>, Req> {
    Routed { instance: Arc::new(Instance::new(channel.address())), channel: Arc::clone(channel), request }
}
