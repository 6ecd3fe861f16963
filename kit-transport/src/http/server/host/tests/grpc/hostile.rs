//! A peer that breaks the rules of gRPC, in ways that HTTP/2 allows.

use http::HeaderValue;

use super::super::frames::{DATA, END_HEADERS, PROTOCOL_ERROR, RST_STREAM, frame};
use super::*;

/// A connection, and the ends of its calls.
async fn heard() -> (Client, super::super::http2::Served, mpsc::Receiver<Outcome>) {
    let (tell, told) = mpsc::channel(8);
    let service = raws().finalize(move |finished: &Finished<'_>| tell.try_send(finished.outcome).unwrap());
    let (client, served) = client(&service.build().unwrap(), Config::default(), &h2::client::Builder::new()).await;
    (client, served, told)
}

#[tokio::test(start_paused = true)]
async fn trailers_of_a_request_end_it_and_say_nothing() {
    let (mut client, _served, mut told) = heard().await;
    for (path, bytes, code) in [
        ("Size", framed(3), "0"),
        ("Total", framed(3), "0"),
        ("Echo", framed(3), "0"),
        ("Total", Bytes::new(), "0"),
        ("Size", Bytes::new(), "12"),
        ("Size", framed(3).slice(..6), "13"),
        ("Echo", framed(3).slice(..3), "13"),
    ] {
        let (answer, mut stream) = client.send_request(to(path), false).unwrap();
        stream.send_data(bytes, false).unwrap();
        stream.send_trailers(HeaderMap::from_iter([(status::STATUS, HeaderValue::from_static("5"))])).unwrap();
        assert_eq!(answered(answer).await.code(), code, "{path}");
        let outcome = if code == "0" { Outcome::Success } else { Outcome::BusinessError };
        assert_eq!(told.recv().await, Some(outcome), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_may_come_byte_by_byte() {
    let (mut client, _served, _told) = heard().await;
    let (answer, mut stream) = client.send_request(to("Echo"), false).unwrap();
    for byte in [framed(3), framed(0)].concat() {
        stream.send_data(Bytes::copy_from_slice(&[byte]), false).unwrap();
        tokio::task::yield_now().await;
    }
    stream.send_data(Bytes::new(), true).unwrap();
    let answer = answered(answer).await;
    // A message of defaults is none of its bytes.
    assert_eq!((answer.code(), &answer.data[..]), ("0", &[&framed(3)[..], b"\0\0\0\0\0"].concat()[..]));
}

/// Why a caller resets a stream: none of them is the end of its request, whatever it is called.
const REASONS: [h2::Reason; 3] = [h2::Reason::CANCEL, h2::Reason::NO_ERROR, h2::Reason::INTERNAL_ERROR];

#[tokio::test(start_paused = true)]
async fn a_reset_in_the_middle_of_a_message_drops_its_call_alone() {
    let (mut client, served, mut told) = heard().await;
    let (good, mut rest) = client.send_request(to("Size"), false).unwrap();
    rest.send_data(framed(100).slice(..50), false).unwrap();
    let whole = framed(100).len();
    for path in ["Size", "Total", "Echo"] {
        for (cut, reason) in [0, 3, 5, 50, whole].into_iter().flat_map(|cut| REASONS.map(|reason| (cut, reason))) {
            let (_answer, mut stream) = client.send_request(to(path), false).unwrap();
            stream.send_data(framed(100).slice(..cut), false).unwrap();
            // The call has begun.
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(served.stats.in_flight(), 2, "{path} at {cut}");
            stream.send_reset(reason);
            assert_eq!(told.recv().await, Some(Outcome::Cancelled), "{path} at {cut}: {reason:?}");
        }
    }
    rest.send_data(framed(100).slice(50..), true).unwrap();
    assert_eq!(answered(good).await.code(), "0");
    assert_eq!((told.recv().await, served.stats.in_flight()), (Some(Outcome::Success), 0));
}

/// The head of a call, with this `te`.
fn head(path: &str, te: Option<&str>) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
        ("content-type", "application/grpc"),
    ];
    pairs(&fields.into_iter().chain(te.map(|te| ("te", te))).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn an_answer_ahead_of_the_requests_end_closes_the_stream_and_blames_nobody() {
    for (path, bytes) in
        [("/pb.Raws/First", framed(5)), ("/pb.Raws/Nothing", framed(5)), ("/pb.Raws/Size", framed(5 << 20))]
    {
        let mut peer = connect(&raws().build().unwrap(), Config::default());
        peer.preface().await;
        peer.send(frame(HEADERS, END_HEADERS, 1, &head(path, None))).await;
        peer.send(frame(DATA, 0, 1, &bytes[..bytes.len().min(1_000)])).await;
        let end = loop {
            let frame = peer.frame().await.expect("an end");
            assert_ne!(frame.kind, RST_STREAM, "{path}: a reset before the status");
            if frame.kind == HEADERS && frame.flags & END_STREAM != 0 {
                break frame;
            }
        };
        assert_eq!(end.stream, 1);
        let reset = peer.frame_of(RST_STREAM).await;
        // gRPC over HTTP/2, "Early Server Closure": NO_ERROR.
        assert_eq!((reset.stream, &reset.payload[..]), (1, &[0, 0, 0, 0][..]), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn te_may_be_missing_and_may_say_nothing_but_trailers() {
    let mut peer = connect(&raws().build().unwrap(), Config::default());
    peer.preface().await;
    for (te, stream) in [(None, 1), (Some("trailers"), 3), (Some("gzip"), 5), (None, 7)] {
        peer.send(frame(HEADERS, END_HEADERS, stream, &head("/pb.Raws/Size", te))).await;
        if te == Some("gzip") {
            let reset = peer.frame_of(RST_STREAM).await;
            assert_eq!((reset.stream, &reset.payload[..]), (stream, &PROTOCOL_ERROR.to_be_bytes()[..]));
            continue;
        }
        peer.send(frame(DATA, END_STREAM, stream, &framed(1))).await;
        let mut data = Vec::new();
        loop {
            let frame = peer.frame().await.expect("an answer");
            match frame.kind {
                DATA => data.extend_from_slice(&frame.payload),
                HEADERS if frame.flags & END_STREAM != 0 => break,
                _ => {}
            }
        }
        assert_eq!(data, b"\0\0\0\0\x03\x0a\x011", "{te:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_above_the_hosts_limit_is_refused_and_the_rest_goes_on() {
    let (mut client, _served, _told) = heard().await;
    for (size, status) in [(20 * 1024, 200), (40 * 1024, 431), (20 * 1024, 200)] {
        let mut head = to("Size");
        head.headers_mut().insert("x-large", HeaderValue::try_from("x".repeat(size)).unwrap());
        let (answer, mut stream) = client.send_request(head, false).unwrap();
        let _ = stream.send_data(framed(1), true);
        assert_eq!(answer.await.unwrap().status(), status, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_time_is_up_is_told_so_and_its_call_is_dropped() {
    let (mut client, served, mut told) = heard().await;
    for path in ["Size", "Total", "Echo", "Forever"] {
        let mut head = to(path);
        head.headers_mut().insert("grpc-timeout", HeaderValue::from_static("250m"));
        let (answer, mut stream) = client.send_request(head, false).unwrap();
        // All but the stream of answers wait for more of the request.
        stream.send_data(framed(1), path == "Forever").unwrap();
        let (took, answer) = timed(answered(answer)).await;
        // Of a single message the host's pace is the limit, which a caller has to keep.
        let (limit, outcome) = match path {
            "Size" => (Duration::from_secs(5), Outcome::BusinessError),
            _ => (Duration::from_millis(250), Outcome::TimedOut),
        };
        assert_eq!(answer.code(), "4", "{path}");
        assert!((limit..=limit + Duration::from_millis(5)).contains(&took), "{path}: {took:?}");
        assert_eq!(told.recv().await, Some(outcome), "{path}");
    }
    assert_eq!(served.stats.in_flight(), 0);
}
