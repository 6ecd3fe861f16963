//! HTTP/2, spoken by h2 where the peer behaves and in frames by hand where it does not.

use std::sync::Mutex;

use http::Request as HttpRequest;

use super::frames::*;
use super::*;

pub(super) type Client = h2::client::SendRequest<Bytes>;

/// A peer that behaves, and what became of the connection.
pub(super) async fn client(service: &RouterService, config: Config, builder: &h2::client::Builder) -> (Client, Served) {
    let Peer { io, serving, signal, stats } = connect(service, config);
    let (client, connection) = builder.handshake(io).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    (client.ready().await.unwrap(), Served { serving, signal, stats })
}

pub(super) struct Served {
    pub(super) serving: JoinHandle<End>,
    pub(super) signal: Arc<Signal>,
    pub(super) stats: Stats,
}

fn call(path: &str) -> HttpRequest<()> {
    HttpRequest::get(format!("http://a{path}")).body(()).unwrap()
}

async fn body(mut stream: h2::RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut whole = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len()).unwrap();
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_goaway_finishes_what_is_in_flight_and_takes_nothing_more() {
    let (service, gates) = gated();
    let (mut client, served) = client(&service, Config::default(), &h2::client::Builder::new()).await;
    let (answer, _) = client.send_request(call("/"), true).unwrap();
    gates.0.notified().await;
    served.signal.set(Stage::Draining);
    // The client has heard of it.
    while client.clone().ready().await.is_ok() {
        tokio::task::yield_now().await;
    }
    gates.1.notify_one();
    assert_eq!(body(answer.await.unwrap().into_body()).await.unwrap(), b"done");
    assert_eq!(served.serving.await.unwrap(), End::Done);
}

#[tokio::test(start_paused = true)]
async fn calls_and_streams_that_are_cut_off_end_with_rst_stream() {
    let (tell, mut told) = tokio::sync::mpsc::channel(8);
    let service = router()
        .finalize(move |finished: &crate::http::server::Finished<'_>| tell.try_send(finished.outcome).unwrap())
        .build()
        .unwrap();
    let (mut client, served) = client(&service, Config::default(), &h2::client::Builder::new()).await;
    let (hang, _) = client.send_request(call("/hang"), true).unwrap();
    let (stream, _) = client.send_request(call("/stream"), true).unwrap();
    let mut stream = stream.await.unwrap().into_body();
    assert_eq!(stream.data().await.unwrap().unwrap(), "chunk");
    while served.stats.in_flight() < 2 {
        tokio::task::yield_now().await;
    }
    served.signal.set(Stage::Draining);
    tokio::task::yield_now().await;
    served.signal.set(Stage::Cut);
    for error in [hang.await.unwrap_err(), stream.data().await.unwrap().unwrap_err()] {
        assert!(error.is_reset() && error.is_remote(), "{error:?}");
        assert_eq!(error.reason().map(u32::from), Some(INTERNAL_ERROR));
    }
    let (took, end) = timed(served.serving).await;
    assert_eq!((took, end.unwrap()), (Duration::ZERO, End::Aborted));
    // By then, and not some time later.
    assert_eq!([told.try_recv(), told.try_recv()], [Ok(kit_core::Outcome::Cancelled); 2]);
    assert_eq!((served.stats.in_flight(), served.stats.aborted()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_nothing_does_not_hold_a_drain() {
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    peer.frame_of(SETTINGS).await;
    peer.drain();
    assert_eq!(peer.goaway().await, 0);
    let (took, _) = timed(async { while peer.frame().await.is_some() {} }).await;
    assert!(took <= Duration::from_secs(1), "{took:?}");
    assert_eq!(peer.ended().await, End::Done);
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_gets_goaway_after_its_idle_time() {
    let (client, served) = client(&service(), Config::default(), &h2::client::Builder::new()).await;
    let mut client = client;
    let (answer, _) = client.send_request(call("/"), true).unwrap();
    assert_eq!(body(answer.await.unwrap().into_body()).await.unwrap(), b"ok");
    let (took, end) = timed(served.serving).await;
    assert_eq!(end.unwrap(), End::Done);
    assert!((Duration::from_millis(67_500)..=Duration::from_secs(151)).contains(&took), "{took:?}");
    assert!(client.ready().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_after_20_seconds_and_gone_after_30() {
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    peer.request(1, &get("/hang", &[])).await;
    let (took, _) = timed(peer.frame_of(PING)).await;
    assert_eq!(took, Duration::from_secs(20));
    let (took, _) = timed(peer.serving).await;
    assert_eq!(took, Duration::from_secs(10) + Config::default().linger);
    assert_eq!(peer.stats.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_told_the_limits_of_the_config() {
    let mut peer = connect(
        &service(),
        config(|config| {
            config.max_streams = 7;
            config.stream_window = 70_000;
            config.connection_window = 100_000;
            config.max_frame_bytes = 20_000;
            config.max_header_bytes = 9_000;
        }),
    );
    peer.preface().await;
    let settings = peer.frame_of(SETTINGS).await.payload;
    let mut told: Vec<(u16, u32)> = settings
        .chunks(6)
        .map(|pair| (u16::from_be_bytes([pair[0], pair[1]]), u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]])))
        .collect();
    told.sort_unstable();
    // The numbers of RFC 9113, 6.5.2: streams, window, frame, list of headers.
    assert_eq!(told, [(3, 7), (4, 70_000), (5, 20_000), (6, 9_000)]);
    let window = peer.frame_of(WINDOW_UPDATE).await;
    assert_eq!((window.stream, &window.payload[..]), (0, &(100_000u32 - 65_535).to_be_bytes()[..]));
}

#[tokio::test(start_paused = true)]
async fn heads_are_held_to_the_same_rules() {
    let long = format!("/{}", "a".repeat(8 * 1024));
    let base = [(":method", "GET"), (":scheme", "http"), (":path", "/")];
    let numbered: Vec<String> = (0..101).map(|number| format!("x-{number}")).collect();
    let many: Vec<(&str, &str)> = numbered.iter().map(|name| (name.as_str(), "y")).collect();
    let cases = [
        (pairs(&base), 400, "host_missing"),
        (get("/", &[("host", "b")]), 400, "host_mismatch"),
        (get("/", &[("host", "a"), ("host", "a")]), 400, "host_repeated"),
        (pairs(&[&base[..], &[("host", "a b")]].concat()), 400, "host_invalid"),
        (pairs(&[&base[..], &[(":authority", "u@a")]].concat()), 400, "host_invalid"),
        (get("/", &[("authorization", "a"), ("authorization", "b")]), 400, "authorization_repeated"),
        (get(&long, &[]), 414, "uri_too_long"),
        (get("/", &many), 431, "too_many_headers"),
        (get("*", &[]), 400, "bad_target"),
        (get("/", &[("host", "A:80")]), 200, ""),
        (pairs(&[&base[..], &[("host", "a")]].concat()), 200, ""),
    ];
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    for ((headers, status, reason), stream) in cases.iter().zip((1..).step_by(2)) {
        peer.request(stream, headers).await;
        assert_eq!(peer.answered(stream).await, (*status, (*reason).to_owned()), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_headers_above_32_kib_is_431_and_what_has_no_length_of_its_own_is_a_protocol_error() {
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    let value = "a".repeat(12 * 1024);
    let block = get("/", &[("x", &value), ("y", &value), ("z", &value)]);
    let (first, rest) = block.split_at(16 * 1024);
    peer.send(frame(HEADERS, END_STREAM, 1, first)).await;
    let (second, third) = rest.split_at(16 * 1024);
    peer.send(frame(CONTINUATION, 0, 1, second)).await;
    peer.send(frame(CONTINUATION, END_HEADERS, 1, third)).await;
    assert_eq!(peer.answered(1).await, (431, String::new()));
    // A length that lies, and headers of a connection, which HTTP/2 has none of: the stream alone is reset.
    for (more, stream) in
        [(("transfer-encoding", "chunked"), 3), (("connection", "close"), 5), (("content-length", "5"), 7)]
    {
        peer.request(stream, &get("/echo", &[more])).await;
        let reset = peer.frame_of(RST_STREAM).await;
        assert_eq!((reset.stream, &reset.payload[..]), (stream, &PROTOCOL_ERROR.to_be_bytes()[..]), "{more:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_above_the_limit_are_refused_and_the_others_go_on() {
    let (service, gates) = gated();
    let mut peer = connect(&service, config(|config| config.max_streams = 2));
    peer.preface().await;
    for stream in [1, 3, 5] {
        peer.request(stream, &get("/", &[])).await;
    }
    let reset = peer.frame_of(RST_STREAM).await;
    assert_eq!((reset.stream, &reset.payload[..]), (5, &REFUSED_STREAM.to_be_bytes()[..]));
    gates.0.notified().await;
    gates.1.notify_one();
    assert_eq!(peer.frame_of(HEADERS).await.stream, 1);
}

#[tokio::test(start_paused = true)]
async fn rapid_resets_end_the_connection() {
    let mut peer = connect(&service(), Config::default());
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend(frame(SETTINGS, 0, 0, &[]));
    for stream in (1..).step_by(2).take(200) {
        flood.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &get("/hang", &[])));
        flood.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    peer.send(flood).await;
    assert_eq!(peer.goaway().await, ENHANCE_YOUR_CALM);
    let (stats, name) = (peer.stats.clone(), "http_server_malformed_total");
    assert_eq!(peer.ended().await, End::Done);
    assert_eq!(stats.in_flight(), 0);
    assert_eq!(stats.pairs().find(|reading| reading.name() == name).map(|reading| reading.value()), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_makes_us_reset_again_and_again_is_sent_away() {
    let mut peer = connect(&service(), config(|config| config.max_error_resets = 10));
    peer.preface().await;
    for stream in (1..).step_by(2).take(12) {
        peer.request(stream, &get("/hang", &[])).await;
        // A window wider than there is: an error of the stream.
        peer.send(frame(WINDOW_UPDATE, 0, stream, &i32::MAX.to_be_bytes())).await;
    }
    assert_eq!(peer.goaway().await, ENHANCE_YOUR_CALM);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_and_a_frame_too_large_end_the_connection() {
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    peer.send(frame(HEADERS, END_STREAM, 1, &get("/", &[]))).await;
    for _ in 0..100 {
        // Written until nobody takes it any more.
        if peer.io.write_all(&frame(CONTINUATION, 0, 1, &pairs(&[("x", "y")]))).await.is_err() {
            break;
        }
    }
    assert_eq!(peer.goaway().await, ENHANCE_YOUR_CALM);

    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    peer.send(frame(DATA, 0, 1, &vec![0; 16 * 1024 + 1])).await;
    assert_eq!(peer.goaway().await, FRAME_SIZE_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_and_settings_is_answered_and_holds_nothing() {
    let mut peer = connect(&service(), Config::default());
    peer.preface().await;
    for _ in 0..1000 {
        peer.send(frame(PING, 0, 0, &[7; 8])).await;
        peer.send(frame(SETTINGS, 0, 0, &[])).await;
        loop {
            let frame = peer.frame().await.expect("an answer");
            if frame.kind == PING && frame.flags == ACK {
                break;
            }
        }
    }
    peer.request(1, &get("/", &[])).await;
    assert_eq!(peer.answered(1).await, (200, String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_body_whose_stream_is_reset_is_never_whole() {
    let read = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&read);
    let keep = endpoint_with(kept, async |kept: &Arc<Mutex<Vec<_>>>, _cx, request: Request| {
        let result = request.into_body().bytes(1 << 20).await;
        kept.lock().unwrap().push(result.as_ref().map(Bytes::len).map_err(Error::code));
        result.map(|_| Response::new(Body::empty()))
    });
    let service = Router::new().post("/keep", keep).build().unwrap();
    let mut peer = connect(&service, Config::default());
    peer.preface().await;
    let head = pairs(&[(":method", "POST"), (":scheme", "http"), (":path", "/keep"), (":authority", "a")]);
    for (reason, stream) in [0, PROTOCOL_ERROR, CANCEL].into_iter().zip((1..).step_by(2)) {
        peer.send(frame(HEADERS, END_HEADERS, stream, &head)).await;
        peer.send(frame(DATA, 0, stream, b"half of i")).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        peer.send(frame(RST_STREAM, 0, stream, &reason.to_be_bytes())).await;
    }
    peer.send(frame(HEADERS, END_HEADERS, 7, &head)).await;
    peer.send(frame(DATA, END_STREAM, 7, b"all of it")).await;
    assert_eq!(peer.frame_of(HEADERS).await.stream, 7);
    let read = std::mem::take(&mut *read.lock().unwrap());
    assert_eq!(read.iter().filter(|read| read.is_ok()).collect::<Vec<_>>(), [&Ok(9)], "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_too_slow_is_408_for_its_stream_alone() {
    let (mut client, _served) = client(&service(), Config::default(), &h2::client::Builder::new()).await;
    let slow = HttpRequest::post("http://a/echo").body(()).unwrap();
    let (slow, mut send) = client.send_request(slow, false).unwrap();
    send.send_data(Bytes::from_static(b"half"), false).unwrap();
    let (took, answer) = timed(slow).await;
    assert_eq!((took, answer.unwrap().status().as_u16()), (Duration::from_secs(5), 408));
    let (next, _) = client.send_request(call("/"), true).unwrap();
    assert_eq!(next.await.unwrap().status().as_u16(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_window_stays_shut_is_reset_and_its_connection_goes_on() {
    let large = endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::full(vec![b'x'; 256 * 1024]))));
    let service = router().get("/large", large).build().unwrap();
    let (mut client, served) =
        client(&service, Config::default(), h2::client::Builder::new().initial_window_size(0)).await;
    let (answer, _) = client.send_request(call("/large"), true).unwrap();
    let mut stream = answer.await.unwrap().into_body();
    let (took, data) = timed(stream.data()).await;
    let error = data.unwrap().unwrap_err();
    assert_eq!((took, error.reason().map(u32::from)), (Duration::from_secs(30), Some(CANCEL)));
    assert_eq!(served.stats.in_flight(), 0);
    let (next, _) = client.send_request(call("/nowhere"), true).unwrap();
    assert_eq!(next.await.unwrap().status().as_u16(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_slow_to_answer_is_no_shut_window() {
    let (service, gates) = gated();
    let (mut client, _served) = client(&service, Config::default(), &h2::client::Builder::new()).await;
    let (answer, _) = client.send_request(call("/"), true).unwrap();
    gates.0.notified().await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    gates.1.notify_one();
    assert_eq!(body(answer.await.unwrap().into_body()).await.unwrap(), b"done");
}
