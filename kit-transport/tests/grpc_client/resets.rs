use h2::Reason;
use kit_core::{Code, Context, Endpoint as _, Outcome, Retry};
use kit_transport::codec::Messages;
use kit_transport::grpc::client;
use kit_transport::http::client::Client;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_reset_has_the_code_of_the_table_before_the_head_and_after_it() {
    let _clock = Clock::hold();
    for number in (0..14).chain([99]) {
        for after_head in [false, true] {
            // Sent again by the client itself, and told to be safe: in the next test.
            if number == 7 && !after_head {
                continue;
            }
            let reason = Reason::from(number);
            let peer = Peer::start(move |mut exchange: Exchange| async move {
                if after_head {
                    exchange.begin();
                    exchange.message(&FIVE);
                    settled().await;
                }
                exchange.reset(reason);
            })
            .await;
            let error = in_time(peer.length().call(&mut Context::new(), text("hello"))).await.unwrap_err();
            let code = match number {
                7 => Code::Unavailable,
                8 => Code::Cancelled,
                11 => Code::ResourceExhausted,
                12 => Code::PermissionDenied,
                0..=13 => Code::Internal,
                _ => Code::Unknown,
            };
            assert_eq!(
                (error.code(), error.reason()),
                (code, Some("stream_reset")),
                "{reason:?} after head: {after_head}"
            );
            let outcome = if number == 12 { Outcome::BusinessError } else { Outcome::BackendError };
            assert_eq!(error.outcome(), outcome, "{reason:?}");
            assert!(!told(&error).0.as_str().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_is_sent_again_and_did_not_run() {
    let _clock = Clock::hold();
    let tried = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let tries = std::sync::Arc::clone(&tried);
    let peer = Peer::start(move |mut exchange: Exchange| {
        tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { exchange.reset(Reason::REFUSED_STREAM) }
    })
    .await;
    let error = peer.words().call(&mut Context::new(), text("hello")).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("stream_refused"), Retry::Safe));
    assert_eq!(tried.load(std::sync::atomic::Ordering::SeqCst), 3);
    // A request that is written as it comes cannot be sent twice, but its caller may know better.
    let endless = Messages::<Text>::new(futures_util::stream::pending());
    let error = peer.total().call(&mut Context::new(), endless).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("stream_refused"), Retry::Safe));
    assert_eq!(tried.load(std::sync::atomic::Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_is_unavailable() {
    let _clock = Clock::hold();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let serving = async {
        for after_head in [false, true] {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            if after_head {
                let head = http::Response::builder().header("content-type", "application/grpc").body(()).unwrap();
                let _body: h2::SendStream<bytes::Bytes> = respond.send_response(head, false).unwrap();
                tokio::select! {
                    _ = connection.accept() => {}
                    () = settled() => {}
                }
            }
            drop(connection);
        }
        std::future::pending().await
    };
    let calls = async {
        for _ in 0..2 {
            let client = Client::new(config()).unwrap();
            let length = client::unary::<Length>(&LENGTH).endpoint(&client, &target).unwrap();
            let error = length.call(&mut Context::new(), text("hello")).await.unwrap_err();
            assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
        }
    };
    tokio::select! {
        () = in_time(calls) => {}
        () = serving => {}
    }
    drop(listener);
    let client = Client::new(config()).unwrap();
    let length = client::unary::<Length>(&LENGTH).endpoint(&client, &target).unwrap();
    let error = length.call(&mut Context::new(), text("hello")).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connect_failed"), Retry::Safe));
}
