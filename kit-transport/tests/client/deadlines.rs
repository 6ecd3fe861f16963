use std::net::SocketAddr;
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint as _, Outcome, Retry};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, ConnectTimeout, Target};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::*;

const LIMIT: Duration = Duration::from_millis(500);

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_ends_at_the_deadline_and_its_connection_with_it() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count(&peer), cx_with(LIMIT));
    let deadline = cx.deadline().unwrap();
    let (result, line) = tokio::join!(count.call(&mut cx, HELLO), async {
        let mut line = peer.accept().await;
        line.request().await;
        clock.advance(LIMIT).await;
        line
    });
    let error = result.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome(), error.retry()),
        (Code::DeadlineExceeded, Outcome::TimedOut, Retry::MayHaveRun)
    );
    assert_eq!(cx.now(), deadline, "not later, and the caller knows the time");
    // The late answer is nobody's: the next call has a connection of its own.
    let five = five();
    let _ = line.stream.try_write(five.as_bytes());
    let mut cx = Context::new();
    let (value, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    line.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_ends_at_the_deadline_also_that_of_an_error() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    for status in ["200 OK", "404 Not Found"] {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{{\"v\"");
        let (count, mut cx) = (count(&peer), cx_with(LIMIT));
        let (result, line) = tokio::join!(count.call(&mut cx, HELLO), async {
            let (_, line) = peer.serve(&head).await;
            clock.advance(LIMIT).await;
            line
        });
        assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
        line.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_deadline_has_the_clients() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count(&peer), Context::new());
    let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
        let mut line = peer.accept().await;
        assert_eq!(line.request().await.header("grpc-timeout"), Some("30000000u"));
        clock.advance(Config::default().default_deadline).await;
        line.closed().await;
    });
    assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_sends_nothing() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count(&peer), cx_with(LIMIT));
    clock.advance(LIMIT).await;
    let error = count.call(&mut cx, HELLO).await.unwrap_err();
    assert_eq!(told(&error), (Code::DeadlineExceeded, Some("deadline_before_call"), Retry::Safe));
    assert!(peer.accept().now_or_never().is_none());
}

/// A port that takes no connection: its queue is full, and what comes after that gets no answer.
pub(crate) async fn deaf() -> (Target, Vec<TcpStream>, tokio::net::TcpListener) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("its address");
    let mut queued = Vec::new();
    // The length of a queue is the system's to round up: until one is left without an answer at once.
    for _ in 0..64 {
        let mut connecting = std::pin::pin!(TcpStream::connect(address));
        let done = tokio::select! {
            biased;
            connected = &mut connecting => Some(connected.expect("loopback")),
            () = settled() => None,
        };
        match done {
            Some(stream) => queued.push(stream),
            None => break,
        }
    }
    (Target::parse(&format!("http://{address}")).expect("an address is a target"), queued, listener)
}

#[tokio::test(start_paused = true)]
async fn connecting_has_a_limit_of_its_own_and_nothing_was_sent() {
    let clock = Clock::hold();
    let (target, _queued, _listener) = deaf().await;
    let count = Client::new(Config::default()).unwrap().post(&COUNT, &target, Json).endpoint::<Value>().unwrap();
    let mut cx = Context::new();
    let connect_timeout = Config::default().connect_timeout;
    let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), clock.advance(connect_timeout));
    let error = result.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connect_timeout"), Retry::Safe));
    assert_eq!(error.outcome(), Outcome::BackendError);
    assert!(error.cause::<ConnectTimeout>().is_some() || error.cause::<std::io::Error>().is_some());
}

#[tokio::test(start_paused = true)]
async fn connecting_is_part_of_the_call() {
    let clock = Clock::hold();
    let (target, _queued, _listener) = deaf().await;
    let count = Client::new(Config::default()).unwrap().post(&COUNT, &target, Json).endpoint::<Value>().unwrap();
    let mut cx = cx_with(LIMIT);
    let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), clock.advance(LIMIT));
    assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
}
