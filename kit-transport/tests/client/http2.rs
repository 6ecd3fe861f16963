use futures_util::future::join_all;
use h2::Reason;
use h2::server::SendResponse;
use http::Response;
use kit_core::{Code, Context, Endpoint as _, Retry};
use kit_transport::http::client::Config;
use tokio::net::TcpStream;

use crate::support::*;

fn config() -> Config {
    Config { http2_only: true, ..Config::default() }
}

type Connection = h2::server::Connection<TcpStream, bytes::Bytes>;

async fn accept(peer: &Peer) -> Connection {
    h2::server::handshake(peer.accept().await.stream).await.expect("a preface")
}

fn reply(mut respond: SendResponse<bytes::Bytes>) {
    let response = Response::builder().header("content-type", "application/json").body(()).expect("a response");
    let mut body = respond.send_response(response, false).expect("an open stream");
    body.send_data(bytes::Bytes::from_static(b"{\"v\":5}"), true).expect("an open stream");
}

#[tokio::test(start_paused = true)]
async fn calls_share_one_connection() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count_with(&peer, config()), Context::new());
    let mut contexts: Vec<_> = (0..3).map(|_| cx.fork()).collect();
    let calls = async { join_all(contexts.iter_mut().map(|cx| count.call(cx, HELLO))).await };
    let (values, connection) = tokio::join!(calls, async {
        let mut connection = accept(&peer).await;
        let mut open = Vec::new();
        while open.len() < 3 {
            let (request, respond) = connection.accept().await.expect("three calls").expect("a request");
            assert_eq!(
                (request.uri().path(), request.headers()["grpc-timeout"].to_str().unwrap()),
                ("/count", "30000000u")
            );
            open.push(respond);
        }
        open.into_iter().for_each(reply);
        std::future::poll_fn(|task| {
            // Until every answer is on its way, which the calls tell by ending.
            let _ = connection.poll_closed(task);
            std::task::Poll::Ready(())
        })
        .await;
        connection
    });
    for value in values {
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
    drop(connection);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_server_refuses_is_sent_again_and_did_not_run() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (reason, told_reason, retry, sent) in [
        (Reason::REFUSED_STREAM, "stream_refused", Retry::Safe, 3),
        (Reason::INTERNAL_ERROR, "connection_lost", Retry::MayHaveRun, 1),
    ] {
        let (count, mut cx, mut streams) = (count_with(&peer, config()), Context::new(), 0);
        let serving = async {
            let mut connection = accept(&peer).await;
            while let Some(stream) = connection.accept().await {
                streams += 1;
                stream.expect("a request").1.send_reset(reason);
            }
            // A refusal is of the stream alone, but the next call begins anew.
            std::future::pending::<()>().await;
        };
        let error = tokio::select! {
            result = count.call(&mut cx, HELLO) => result.unwrap_err(),
            () = serving => panic!("the client left without an answer"),
        };
        assert_eq!(told(&error), (Code::Unavailable, Some(told_reason), retry));
        assert_eq!(streams, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_at_its_deadline_resets_its_stream_and_leaves_the_others() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count_with(&peer, config());
    let limit = std::time::Duration::from_secs(1);
    let (mut short, mut long) = (cx_with(limit), Context::new());
    let serving = async {
        let mut connection = accept(&peer).await;
        let (_, mut one) = connection.accept().await.expect("a call").expect("a request");
        let (_, two) = connection.accept().await.expect("a call").expect("a request");
        let reset = async {
            clock.advance(limit).await;
            std::future::poll_fn(|task| one.poll_reset(task)).await.expect("a reset")
        };
        let reason = tokio::select! {
            reason = reset => reason,
            _ = connection.accept() => panic!("another call"),
        };
        assert_eq!(reason, Reason::CANCEL);
        reply(two);
        while connection.accept().await.is_some() {}
    };
    let calls = async { tokio::join!(count.call(&mut short, HELLO), count.call(&mut long, HELLO)) };
    let (late, answered) = tokio::select! {
        results = calls => results,
        () = serving => panic!("the client left without an answer"),
    };
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(answered.unwrap(), Value { v: 5 });
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_a_sign_of_life_is_given_up_and_its_connection_with_it() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count_with(&peer, config());
    let mut cx = Context::new();
    let (result, silent) = tokio::join!(count.call(&mut cx, HELLO), async {
        let mut connection = accept(&peer).await;
        let (_, respond) = connection.accept().await.expect("a call").expect("a request");
        settled().await;
        // From here on nobody reads what comes: the machine has vanished.
        let keep_alive = Config::default().keep_alive;
        clock.advance(keep_alive).await;
        settled().await;
        clock.advance(keep_alive / 2).await;
        (connection, respond)
    });
    assert_eq!(told(&result.unwrap_err()), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
    assert!(cx.now() - cx.arrived() <= Config::default().keep_alive * 3 / 2, "long before the deadline");
    let (value, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
        let mut connection = accept(&peer).await;
        let (_, respond) = connection.accept().await.expect("a call").expect("a request");
        reply(respond);
        tokio::select! {
            _ = connection.accept() => {}
            () = settled() => {}
        }
    });
    assert_eq!(value.unwrap(), Value { v: 5 });
    drop(silent);
}
