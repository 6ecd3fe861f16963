use bytes::Bytes;
use futures_util::StreamExt as _;
use h2::Reason;
use kit_core::task::Owned;
use kit_core::{Code, Context, Endpoint as _, Outcome, Retry, Streaming};
use kit_transport::codec::Messages;
use kit_transport::grpc::client;
use kit_transport::http::client::Client;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

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

/// A stream of answers that has begun, on a connection of its own.
struct Begun {
    answer: h2::SendStream<Bytes>,
    /// Sends everybody away: at once for a reason, or when what was taken has ended.
    goaway: mpsc::Sender<Option<Reason>>,
    _driven: Owned<()>,
}

impl Begun {
    async fn on(listener: &TcpListener) -> Self {
        let (io, _) = listener.accept().await.unwrap();
        // A GOAWAY is to leave at once.
        io.set_nodelay(true).unwrap();
        let mut connection = h2::server::handshake(io).await.unwrap();
        let (_, mut respond) = connection.accept().await.unwrap().unwrap();
        let head = http::Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        let mut answer = respond.send_response(head, false).unwrap();
        answer.send_data(framed(&FIVE).into(), false).unwrap();
        let (goaway, mut told) = mpsc::channel(1);
        let driven = Owned::spawn(async move {
            loop {
                tokio::select! {
                    Some(reason) = told.recv() => match reason {
                        None => connection.graceful_shutdown(),
                        Some(reason) => connection.abrupt_shutdown(reason),
                    },
                    next = connection.accept() => if next.is_none() { return },
                }
            }
        });
        Self { answer, goaway, _driven: driven }
    }

    /// The same, and what its caller has of it.
    async fn with(
        words: &impl kit_core::Endpoint<Text, Response = Streaming<Length>>,
        listener: &TcpListener,
    ) -> (Streaming<Length>, Self) {
        let (mut cx, begun) = (Context::new(), async { Ok(Self::on(listener).await) });
        let (mut stream, begun) =
            in_time(async { tokio::try_join!(words.call(&mut cx, text("")), begun) }).await.unwrap();
        assert_eq!(in_time(stream.next()).await.unwrap().unwrap(), FIVE);
        (stream, begun)
    }
}

#[tokio::test(start_paused = true)]
async fn a_goaway_lets_a_stream_end_and_sends_the_next_call_elsewhere() {
    let _clock = Clock::hold();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let client = Client::new(config()).unwrap();
    let words = client::server_stream::<Length>(&WORDS).endpoint(&client, &target).unwrap();
    let (mut stream, mut old) = Begun::with(&words, &listener).await;
    old.goaway.send(None).await.unwrap();
    settled().await;
    let _next = Begun::with(&words, &listener).await;
    old.answer.send_data(framed(&FIVE).into(), false).unwrap();
    let status = ("grpc-status".parse().unwrap(), "0".parse().unwrap());
    old.answer.send_trailers(http::HeaderMap::from_iter([status])).unwrap();
    assert_eq!(in_time(stream.next()).await.unwrap().unwrap(), FIVE);
    assert!(in_time(stream.next()).await.is_none());
    assert_eq!(stream.end().ended().unwrap().outcome(), Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn a_goaway_that_ends_the_connection_ends_its_streams_as_unavailable() {
    let _clock = Clock::hold();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    for reason in [Reason::NO_ERROR, Reason::ENHANCE_YOUR_CALM, Reason::INTERNAL_ERROR] {
        let client = Client::new(config()).unwrap();
        let words = client::server_stream::<Length>(&WORDS).endpoint(&client, &target).unwrap();
        let (mut stream, begun) = Begun::with(&words, &listener).await;
        begun.goaway.send(Some(reason)).await.unwrap();
        let error = in_time(stream.next()).await.expect("an error before the end").unwrap_err();
        assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun), "{reason:?}");
        assert!(stream.next().await.is_none());
    }
}
