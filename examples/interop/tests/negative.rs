//! The negative cases, at a server that plays them.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Response};
use interop::cases::{Failed, NEGATIVE, run};
use interop::client::TestClient;
use interop::messages::{Payload, SimpleResponse};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the server saw.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    calls: AtomicUsize,
    pongs: AtomicUsize,
    /// The most streams that were open at once.
    at_once: AtomicUsize,
    open: AtomicUsize,
}

/// Runs a case at a server that plays `play`.
async fn played(case: &str, play: &'static str) -> (Result<(), Failed>, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let target = format!("http://{}", listener.local_addr().expect("its address")).parse().expect("a target");
    let seen = Arc::<Seen>::default();
    let mut serving = JoinSet::new();
    let saw = Arc::clone(&seen);
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            saw.connections.fetch_add(1, Ordering::SeqCst);
            connections.spawn(connection(stream, play, Arc::clone(&saw)));
        }
    });
    let client = TestClient::new(&target).expect("a client");
    let result = timeout(PATIENCE, run(case, &client)).await.expect("in time");
    (result, seen)
}

async fn connection(stream: TcpStream, play: &'static str, seen: Arc<Seen>) {
    let mut settings = Builder::new();
    if play == "max_streams" {
        settings.max_concurrent_streams(1);
    }
    let mut connection = settings.handshake::<_, Bytes>(stream).await.expect("HTTP/2");
    let pings = Arc::new(Mutex::new(connection.ping_pong().expect("the first that asks")));
    let mut calls = JoinSet::new();
    let mut leaving = false;
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                calls.spawn(call(request.into_body(), respond, play, Arc::clone(&pings), Arc::clone(&seen)));
            }
            Some(_) = calls.join_next(), if !leaving => {
                leaving = play == "goaway";
                if leaving {
                    connection.graceful_shutdown();
                }
            }
        }
    }
}

async fn call(
    mut request: RecvStream,
    mut respond: SendResponse<Bytes>,
    play: &str,
    pings: Arc<Mutex<PingPong>>,
    seen: Arc<Seen>,
) {
    seen.calls.fetch_add(1, Ordering::SeqCst);
    seen.at_once.fetch_max(seen.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    while let Some(data) = request.data().await {
        let read = data.expect("a request").len();
        request.flow_control().release_capacity(read).expect("what came");
    }
    let ping = async || {
        if play == "ping" {
            pings.lock().await.ping(Ping::opaque()).await.expect("its answer");
            seen.pongs.fetch_add(1, Ordering::SeqCst);
        }
    };
    ping().await;
    let head = Response::builder().header("content-type", "application/grpc").body(()).expect("a head");
    let mut answer = respond.send_response(head, false).expect("an open stream");
    ping().await;
    let message = message();
    let sent = match play {
        "rst_after_header" => 0,
        "rst_during_data" => message.len() / 2,
        _ => message.len(),
    };
    send(&mut answer, message.slice(..sent)).await;
    ping().await;
    seen.open.fetch_sub(1, Ordering::SeqCst);
    if play.starts_with("rst_") {
        written().await;
        return answer.send_reset(Reason::NO_ERROR);
    }
    let well = [("grpc-status".parse().expect("a name"), HeaderValue::from_static("0"))];
    answer.send_trailers(HeaderMap::from_iter(well)).expect("an open stream");
}

/// What the cases ask for, behind its prefix.
fn message() -> Bytes {
    let message = SimpleResponse { payload: Some(Payload::zeros(314_159)) }.encode_to_vec();
    let size = u32::try_from(message.len()).expect("small").to_be_bytes();
    [&[0][..], &size, &message].concat().into()
}

async fn send(answer: &mut SendStream<Bytes>, mut rest: Bytes) {
    while !rest.is_empty() {
        answer.reserve_capacity(rest.len());
        let room = poll_fn(|task| answer.poll_capacity(task)).await.expect("an open stream").expect("room");
        answer.send_data(rest.split_to(room.min(rest.len())), false).expect("an open stream");
    }
}

/// A reset takes along what is not written yet: the connection's task has its turns first.
async fn written() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_passes_each_case_at_a_server_that_plays_it() {
    for case in NEGATIVE {
        let (result, seen) = played(case, case).await;
        result.unwrap_or_else(|failed| panic!("{case}: {failed}"));
        let [connections, calls, pongs, at_once] =
            [&seen.connections, &seen.calls, &seen.pongs, &seen.at_once].map(|count| count.load(Ordering::SeqCst));
        match case {
            "goaway" => assert_eq!((connections, calls), (2, 2), "the second call goes over a connection of its own"),
            "ping" => assert_eq!((calls, pongs), (1, 3), "each is answered while the call is open"),
            "max_streams" => assert!(calls == 11 && at_once <= connections, "{at_once} on {connections} connections"),
            _ => assert_eq!((connections, calls), (1, 1), "what may have run is not sent again"),
        }
    }
}

#[tokio::test]
async fn a_case_fails_where_the_server_plays_another() {
    for reset in ["rst_after_header", "rst_during_data", "rst_after_data"] {
        assert!(played(reset, "ping").await.0.is_err(), "{reset} ought to fail");
        for well in ["ping", "max_streams"] {
            assert!(played(well, reset).await.0.is_err(), "{well} ought to fail at {reset}");
        }
    }
}
