use kit_core::{Code, Context, Endpoint as _, Outcome, Retry};
use kit_transport::http::client::{AnswerTooLarge, Config};

use crate::support::*;

const MAY_HAVE_RUN: (Code, Option<&str>, Retry) = (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun);

#[tokio::test(start_paused = true)]
async fn nobody_listens_there_so_nothing_was_sent() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count(&peer);
    drop(peer);
    let error = count.call(&mut Context::new(), HELLO).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connect_failed"), Retry::Safe));
    assert_eq!(error.outcome(), Outcome::BackendError);
    let io = error.cause::<std::io::Error>().expect("the system's word is kept for the log");
    assert_eq!(io.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(error.fields().any(|(key, value)| key == "target" && value.starts_with("127.0.0.1:")));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_left_and_got_no_answer_may_have_run() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for by_reset in [false, true] {
        let (count, mut cx) = (count(&peer), Context::new());
        let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
            let mut line = peer.accept().await;
            line.request().await;
            if by_reset {
                line.reset();
            }
        });
        assert_eq!(told(&result.unwrap_err()), MAY_HAVE_RUN);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_never_a_short_success() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    // Each has a whole JSON value in what did come.
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"v\":5}",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"v\":5}\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"v\":5}",
        "HTTP/1.1 200 OK\r\ncontent-type: applic",
        "HTTP/1.1 2",
    ] {
        for by_reset in [false, true] {
            let (count, mut cx) = (count(&peer), Context::new());
            let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
                let (_, line) = peer.serve(answer).await;
                if by_reset {
                    line.reset();
                }
            });
            assert_eq!(told(&result.unwrap_err()), MAY_HAVE_RUN, "{answer:?} reset: {by_reset}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_breaks_off_is_still_the_error_of_its_status() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count(&peer), Context::new());
    let cut = "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: 99\r\n\r\n{";
    let (result, _) = tokio::join!(count.call(&mut cx, HELLO), async { drop(peer.serve(cut).await) });
    assert_eq!(result.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn an_answer_past_the_limit_is_not_read_and_its_connection_not_kept() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let long = format!("{{\"v\":5{}}}", " ".repeat(64));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n",
        long.len()
    );
    // By its length, and by what comes: the end of neither is ever sent.
    let announced = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 65\r\n\r\n{".to_owned();
    for answer in [announced, chunked] {
        let config = Config { max_response_bytes: 64, ..Config::default() };
        let (count, mut cx) = (count_with(&peer, config), Context::new());
        let (result, (_, line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&answer));
        let error = result.unwrap_err();
        assert_eq!(told(&error), (Code::ResourceExhausted, Some("answer_too_large"), Retry::Never));
        assert_eq!(error.cause::<AnswerTooLarge>().expect("the cause").limit(), 64);
        // The callee's failure. A service that passes it on does not tell its own caller that the request was too large.
        assert_eq!(error.outcome(), Outcome::BackendError);
        assert_ne!(kit_transport::http::problem::status(&error), http::StatusCode::PAYLOAD_TOO_LARGE);
        line.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_exactly_the_limit_is_read() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let config = Config { max_response_bytes: 7, ..Config::default() };
    let (count, mut cx, five) = (count_with(&peer, config), Context::new(), five());
    let (result, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    assert_eq!(result.unwrap(), Value { v: 5 });
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_closes_its_connection() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (count, mut cx) = (count(&peer), Context::new());
    let line = tokio::select! {
        _ = count.call(&mut cx, HELLO) => panic!("nobody answered"),
        line = async {
            let mut line = peer.accept().await;
            line.request().await;
            line
        } => line,
    };
    line.closed().await;
}
