//! gRPC on the wire: what the host's limits leave alone, and what a peer that breaks the rules gets.

mod hostile;

use futures_util::StreamExt as _;
use http::{HeaderMap, Request as HttpRequest};
use kit_core::{Code, Context, Kind, Method, Outcome};
use tokio::sync::mpsc;

use super::frames::{END_STREAM, HEADERS, pairs};
use super::http2::{Client, client};
use super::*;
use crate::codec::Messages;
use crate::grpc::server::{bidi_stream, client_stream, server_stream, unary};
use crate::grpc::status;
use crate::http::server::Finished;

#[derive(Clone, PartialEq, prost::Message)]
struct Raw {
    #[prost(bytes = "vec", tag = "1")]
    raw: Vec<u8>,
}

static SIZE: Method = Method::new("pb.Raws", "Size");
static ECHO: Method = Method::new("pb.Raws", "Echo").kind(Kind::Bidi);
static TOTAL: Method = Method::new("pb.Raws", "Total").kind(Kind::ClientStream);
static FIRST: Method = Method::new("pb.Raws", "First").kind(Kind::Bidi);
static FOREVER: Method = Method::new("pb.Raws", "Forever").kind(Kind::ServerStream);

fn raws() -> Router {
    fn sized(size: usize) -> Raw {
        Raw { raw: size.to_string().into_bytes() }
    }
    let size = endpoint_fn(async |_cx: &mut Context, Raw { raw }: Raw| Ok(sized(raw.len())));
    let echo = endpoint_fn(async |cx: &mut Context, raws: Messages<Raw>| Ok(Streaming::new(cx, raws)));
    let total = endpoint_fn(async |_cx: &mut Context, mut raws: Messages<Raw>| {
        let mut total = 0;
        while let Some(raw) = raws.next().await {
            total += raw?.raw.len();
        }
        Ok(sized(total))
    });
    let first = endpoint_fn(async |cx: &mut Context, raws: Messages<Raw>| Ok(Streaming::new(cx, raws.take(1))));
    let forever = endpoint_fn(async |cx: &mut Context, raw: Raw| {
        let one = futures_util::stream::iter([Ok(raw)]);
        Ok(Streaming::new(cx, one.chain(futures_util::stream::pending())))
    });
    Router::new()
        .grpc(&SIZE, unary(size))
        .grpc(&ECHO, bidi_stream(echo))
        .grpc(&TOTAL, client_stream(total))
        .grpc(&FIRST, bidi_stream(first))
        .grpc(&FOREVER, server_stream(forever))
        .max_time(None)
}

/// The frame of a message of so many bytes, four of them its own.
fn framed(size: usize) -> Bytes {
    let message = prost::Message::encode_to_vec(&Raw { raw: vec![7; size] });
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, &message].concat().into()
}

fn to(path: &str) -> HttpRequest<()> {
    HttpRequest::post(format!("http://a/pb.Raws/{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap()
}

struct Answered {
    headers: HeaderMap,
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
}

impl Answered {
    /// The number of the status, wherever it stands.
    fn code(&self) -> &str {
        self.trailers.as_ref().unwrap_or(&self.headers)[status::STATUS].to_str().unwrap()
    }
}

async fn answered(answer: h2::client::ResponseFuture) -> Answered {
    let (head, mut body) = answer.await.unwrap().into_parts();
    assert_eq!(head.status, 200);
    let mut data = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
        data.extend_from_slice(&chunk);
    }
    Answered { headers: head.headers, data, trailers: body.trailers().await.unwrap() }
}

/// Sends all of it as the window lets it, and half-closes.
async fn send(stream: &mut h2::SendStream<Bytes>, mut bytes: Bytes) {
    if bytes.is_empty() {
        stream.send_data(bytes, true).unwrap();
        return;
    }
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let Some(Ok(room)) = std::future::poll_fn(|task| stream.poll_capacity(task)).await else { return };
        let chunk = bytes.split_to(room.min(bytes.len()));
        stream.send_data(chunk, bytes.is_empty()).unwrap();
    }
}

async fn call(client: &mut Client, path: &str, bytes: Bytes) -> Answered {
    let (answer, mut stream) = client.send_request(to(path), false).unwrap();
    // Who answers before it has read all does not take the rest.
    let (answer, ()) = tokio::join!(answered(answer), send(&mut stream, bytes));
    answer
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_is_a_head_a_message_and_trailers() {
    let (mut client, _served) = client(&raws().build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    let answer = call(&mut client, "Size", framed(12)).await;
    assert_eq!((answer.code(), &answer.data[..]), ("0", &b"\0\0\0\0\x04\x0a\x0212"[..]));
    let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "date"], "what no other gRPC sends is nobody's metadata");
    assert_eq!(answer.trailers, Some(status::well()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_one_frame_that_ends_the_stream() {
    let mut peer = connect(&raws().build().unwrap(), Config::default());
    peer.preface().await;
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/pb.Raws/Nothing"),
        (":authority", "a"),
        ("content-type", "application/grpc"),
    ];
    peer.request(1, &pairs(&head)).await;
    let answer = peer.frame_of(HEADERS).await;
    assert_eq!((answer.stream, answer.flags & END_STREAM), (1, END_STREAM));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_requests_has_no_pace_and_no_limit_of_the_host() {
    let config = config(|config| config.max_body_bytes = 1_000);
    let (mut client, _served) = client(&raws().build().unwrap(), config, &h2::client::Builder::new()).await;
    let (answer, mut total) = client.send_request(to("Total"), false).unwrap();
    let (echoes, mut echo) = client.send_request(to("Echo"), false).unwrap();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        total.send_data(framed(400), false).unwrap();
        echo.send_data(framed(1), false).unwrap();
    }
    total.send_data(Bytes::new(), true).unwrap();
    echo.send_data(Bytes::new(), true).unwrap();
    let answer = answered(answer).await;
    assert_eq!((answer.code(), &answer.data[7..]), ("0", &b"4000"[..]));
    let echoes = answered(echoes).await;
    assert_eq!((echoes.code(), echoes.data.len()), ("0", 10 * framed(1).len()));
}

#[tokio::test(start_paused = true)]
async fn one_message_keeps_the_hosts_pace() {
    let (mut client, _served) = client(&raws().build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    let (answer, mut slow) = client.send_request(to("Size"), false).unwrap();
    slow.send_data(framed(1).slice(..3), false).unwrap();
    let (took, answer) = timed(answered(answer)).await;
    assert_eq!((took, answer.code()), (Duration::from_secs(5), "4"));
}

#[tokio::test(start_paused = true)]
async fn a_message_may_be_larger_than_a_body_and_no_larger_than_4_mib() {
    let (mut client, _served) = client(&raws().build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    let answer = call(&mut client, "Size", framed(3 << 20)).await;
    assert_eq!((answer.code(), &answer.data[7..]), ("0", &b"3145728"[..]));
    let answer = call(&mut client, "Size", framed(4 << 20)).await;
    assert_eq!(answer.code(), "8");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_end_before_its_requests_do() {
    let (mut client, served) = client(&raws().build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    let (answer, mut requests) = client.send_request(to("First"), false).unwrap();
    requests.send_data(framed(5), false).unwrap();
    let answer = answered(answer).await;
    assert_eq!((answer.code(), &answer.data[..]), ("0", &framed(5)[..]));
    assert_eq!(served.stats.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_reset_drops_the_call_and_its_stream() {
    let (tell, mut told) = mpsc::channel(8);
    let tell =
        move |finished: &Finished<'_>| tell.try_send((finished.outcome, finished.error.map(Error::code))).unwrap();
    let service = raws().finalize(tell).build().unwrap();
    let (mut client, served) = client(&service, Config::default(), &h2::client::Builder::new()).await;
    for path in ["Forever", "Echo"] {
        let (answer, mut stream) = client.send_request(to(path), false).unwrap();
        stream.send_data(framed(1), path == "Forever").unwrap();
        let mut body = answer.await.unwrap().into_body();
        assert!(body.data().await.expect("a message").is_ok());
        stream.send_reset(h2::Reason::CANCEL);
        drop((stream, body));
        let (took, told) = timed(told.recv()).await;
        let (outcome, _) = told.expect("its end");
        assert_eq!((took, outcome), (Duration::ZERO, Outcome::Cancelled), "{path}");
    }
    assert_eq!(served.stats.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_host_refuses_is_a_status_too() {
    let config = config(|config| config.max_in_flight = 1);
    let (mut client, _served) = client(&raws().build().unwrap(), config, &h2::client::Builder::new()).await;
    let (first, mut forever) = client.send_request(to("Forever"), false).unwrap();
    forever.send_data(framed(1), true).unwrap();
    let first = first.await.unwrap();
    let answer = call(&mut client, "Size", framed(1)).await;
    let error = status::error_of(&answer.headers).unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::Unavailable, Some("too_busy")));
    assert_eq!(error.retry(), kit_core::Retry::After(Duration::from_secs(1)));
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn http1_is_told_that_grpc_needs_http2() {
    let post = "POST /pb.Raws/Size HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = all(&raws().build().unwrap(), Config::default(), post).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("http2_required"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn ten_streams_in_flight_finish_while_the_eleventh_is_hostile() {
    let hostile: [(&[u8], &str); 8] = [
        (b"\0\xff\xff\xff\xff", "8"),
        (b"\x02\0\0\0\0", "13"),
        (b"\x01\0\0\0\x01a", "13"),
        (b"\0\0\0\0\x09a", "13"),
        (b"\0\0\0\0\x01\x0a", "13"),
        (b"\0\0\0", "13"),
        (b"", "0"),
        (b"\0\0\0\0\0garbage that is no frame at all", "13"),
    ];
    let (mut client, served) = client(&raws().build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    let mut good: Vec<_> = (0..10).map(|_| client.send_request(to("Echo"), false).unwrap()).collect();
    for (_, stream) in &mut good {
        stream.send_data(framed(100), false).unwrap();
    }
    for (bytes, code) in hostile {
        assert_eq!(call(&mut client, "Echo", Bytes::from_static(bytes)).await.code(), code, "{}", bytes.escape_ascii());
        let (_, mut reset) = client.send_request(to("Echo"), false).unwrap();
        reset.send_data(Bytes::copy_from_slice(bytes), false).unwrap();
        reset.send_reset(h2::Reason::PROTOCOL_ERROR);
    }
    for (answer, mut stream) in good {
        stream.send_data(framed(100), true).unwrap();
        let answer = answered(answer).await;
        assert_eq!((answer.code(), answer.data.len()), ("0", 2 * framed(100).len()));
    }
    assert_eq!(served.stats.in_flight(), 0);
}
