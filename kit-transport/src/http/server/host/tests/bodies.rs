//! Bodies of requests: too large, too slow, malformed, unread.

use super::*;

fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n")
}

/// `/json` reads its body by the server's limit.
fn limited() -> RouterService {
    let read = endpoint_fn(async |cx, request: Request| {
        let limit = crate::http::server::extract::BodyLimit::of(cx).0;
        let bytes = request.into_body().bytes(limit).await?;
        Ok(Response::new(Body::from(bytes.len().to_string())))
    });
    router().post("/read", read).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_above_2_mib_is_413_at_once_and_the_rest_is_not_waited_for() {
    let mut peer = connect(&limited(), Config::default());
    peer.send(post("/read", 2 * 1024 * 1024 + 1)).await;
    let (took, text) = timed(peer.answer()).await;
    assert!(text.starts_with("http/1.1 413") && text.contains("connection: close"), "{text}");
    assert_eq!(took, Duration::ZERO);
    // Closed; what still comes is thrown away for the second of lingering, not read to its end.
    let (took, rest) = timed(peer.rest()).await;
    assert_eq!((took, rest.as_str()), (Duration::ZERO, ""));
    let (took, end) = timed(peer.serving).await;
    assert_eq!((took, end.unwrap()), (Duration::from_secs(1), End::Done));
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_above_the_limit_is_413_once_it_is_above() {
    let mut peer = connect_sized(&limited(), config(|config| config.max_body_bytes = 10_000), 4096);
    peer.send("POST /read HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    for _ in 0..9 {
        peer.send(&chunk).await;
    }
    peer.send(&chunk).await;
    let text = peer.answer().await;
    assert!(text.starts_with("http/1.1 413") && text.contains("connection: close"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_on_bodies_is_the_configs() {
    for (length, status) in [(10, "200"), (11, "413")] {
        let mut peer = connect(&limited(), config(|config| config.max_body_bytes = 10));
        peer.send(post("/read", length) + &"x".repeat(length)).await;
        assert!(peer.answer().await.starts_with(&format!("http/1.1 {status}")));
    }
}

#[tokio::test(start_paused = true)]
async fn lingering_ends_at_once_when_the_client_goes_and_after_a_mebibyte() {
    let mut peer = connect(&limited(), Config::default());
    peer.send(post("/read", 1 << 30)).await;
    peer.answer().await;
    let (took, end) = timed(peer.ended()).await;
    assert_eq!((took, end), (Duration::ZERO, End::Done));

    let mut peer = connect_sized(&limited(), config(|config| config.linger = Duration::from_secs(3600)), 4096);
    peer.send(post("/read", 1 << 30)).await;
    peer.answer().await;
    let mut sent = 0;
    while peer.io.write_all(&[b'x'; 4096]).await.is_ok() {
        sent += 4096;
    }
    assert!((1024 * 1024..1024 * 1024 + 32 * 1024).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_408_after_the_grace() {
    let mut peer = connect(&service(), Config::default());
    peer.send(post("/echo", 100)).await;
    peer.send("half").await;
    let (took, text) = timed(peer.answer()).await;
    assert!(text.starts_with("http/1.1 408") && text.contains("connection: close"), "{text}");
    assert!(text.contains("\"reason\":\"body_too_slow\""), "{text}");
    assert_eq!(took, Duration::from_secs(5));
    assert_eq!(peer.count("body_timeouts_total"), 1);
    assert_eq!(peer.rest().await, "");
}

/// Sends a body of `size` bytes, so many each second; the answer and how long it took.
async fn drip(size: usize, each_second: usize) -> (Duration, String) {
    let Peer { io, .. } = connect(&service(), Config::default());
    let (reader, mut writer) = tokio::io::split(io);
    timed(async {
        writer.write_all(post("/echo", size).as_bytes()).await.unwrap();
        let send = async {
            for _ in 0..size.div_ceil(each_second) {
                // Refused once the server has closed.
                let _ = writer.write_all(&vec![b'x'; each_second]).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut reader = tokio::io::BufReader::new(reader);
        let mut line = String::new();
        let read = tokio::io::AsyncBufReadExt::read_line(&mut reader, &mut line);
        tokio::select! {
            () = send => {}
            read = read => drop(read.unwrap()),
        }
        line
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_body_slower_than_a_kib_a_second_is_408_and_a_faster_one_is_taken() {
    let (took, line) = drip(50_000, 500).await;
    assert!(line.contains("408"), "{line}");
    // When it is five seconds behind a KiB a second.
    assert!((Duration::from_secs(8)..Duration::from_secs(11)).contains(&took), "{took:?}");
    let (_, line) = drip(25_000, 1024).await;
    assert!(line.contains("200"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_longer_than_30_seconds_in_all_is_408() {
    let (took, line) = drip(1024 * 100, 2048).await;
    assert!(line.contains("408"), "{line}");
    assert_eq!(took, Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_service_takes_is_not_the_clients() {
    let slow = endpoint_fn(async |_cx, mut request: Request| {
        use http_body_util::BodyExt as _;
        let mut bytes = 0;
        while let Some(frame) = request.body_mut().frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Ok(Response::new(Body::from(bytes.to_string())))
    });
    let service = Router::new().post("/", slow).max_time(None).build().unwrap();
    let mut peer = connect(&service, Config::default());
    peer.send(post("/", 20)).await;
    for _ in 0..5 {
        peer.send("abcd").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    assert!(peer.answer().await.ends_with("20"));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_may_lift_the_pace() {
    let patient = endpoint_fn(async |_cx, mut request: Request| {
        request.body_mut().lift_pace();
        let bytes = request.into_body().bytes(100).await?;
        Ok(Response::new(Body::from(bytes)))
    });
    let mut peer = connect(&Router::new().post("/", patient).build().unwrap(), Config::default());
    peer.send(post("/", 4)).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    peer.send("late").await;
    assert!(peer.answer().await.ends_with("late"));
}

#[tokio::test(start_paused = true)]
async fn a_malformed_chunk_is_400_and_close() {
    for chunks in [
        "5\nhello\r\n",
        "zz\r\n",
        "5;a\0\r\nhello\r\n",
        "5\r\nhelloX\r\n",
        "-5\r\n",
        "5;a\rb\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let head = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut peer = connect(&service(), Config::default());
        peer.send(format!("{head}3\r\nabc\r\n{chunks}0\r\n\r\n{GET}")).await;
        let text = peer.rest().await;
        assert!(text.starts_with("HTTP/1.1 400"), "{chunks:?}: {text}");
        assert!(text.contains("body_malformed") && text.to_lowercase().contains("connection: close"), "{text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{chunks:?}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn extensions_and_trailers_of_chunks_are_passed_over() {
    let mut peer = connect(&service(), Config::default());
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
    peer.send("3;name=\"v\"\r\nabc\r\n2 ;x\r\nde\r\n0\r\nx-sum: 1\r\n\r\n").await;
    assert!(peer.answer().await.ends_with("abcde"));
    peer.send(GET).await;
    assert!(peer.answer().await.ends_with("ok"), "the connection goes on");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_the_callers_doing() {
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let service = router()
        .finalize(move |finished: &crate::http::server::Finished<'_>| tell.try_send(finished.outcome).unwrap())
        .build()
        .unwrap();
    let mut peer = connect(&service, Config::default());
    peer.send(post("/echo", 100) + "half").await;
    assert_eq!(peer.ended().await, End::Done);
    assert_eq!(told.recv().await, Some(kit_core::Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn an_unread_body_that_is_here_already_costs_no_connection() {
    let mut peer = connect(&service(), Config::default());
    for _ in 0..3 {
        peer.send(post("/", 1000) + &"x".repeat(1000)).await;
        let text = peer.answer().await;
        assert!(text.ends_with("ok") && !text.contains("connection: close"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_so_when_its_connection_ends_with_an_unread_body() {
    let chunked = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n";
    for bytes in [post("/", 1000) + "half", chunked.to_owned(), chunked.to_owned() + "0\r\n\r\n"] {
        let mut peer = connect(&service(), Config::default());
        peer.send(&bytes).await;
        let text = peer.answer().await;
        assert!(text.ends_with("ok") && text.contains("connection: close"), "{bytes:?}: {text}");
        assert_eq!(peer.rest().await, "", "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_asked_for_when_it_is_refused_by_its_length() {
    let mut peer = connect(&limited(), Config::default());
    peer.send("POST /read HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9999999\r\n\r\n").await;
    assert!(peer.answer().await.starts_with("http/1.1 413"));
    let mut peer = connect(&limited(), Config::default());
    peer.send("POST /read HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n").await;
    assert!(peer.answer().await.starts_with("http/1.1 100"));
    peer.send("ab").await;
    assert!(peer.answer().await.starts_with("http/1.1 200"));
}
