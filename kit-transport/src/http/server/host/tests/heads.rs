//! Raw bytes, and what is answered to them. Each connection is closed after a refusal, whatever was sent behind it.

use super::*;

/// The status and the reason of the one answer to these bytes.
async fn refused(bytes: &str) -> (u16, String) {
    let text = all(&service(), Config::default(), format!("{bytes}GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{bytes:?}: one answer, then the end: {text}");
    assert!(text.to_lowercase().contains("connection: close"), "{bytes:?}: {text}");
    let status = text[9..12].parse().expect("a status");
    let problem = text.split_once("\r\n\r\n").map(|(_, body)| body).filter(|body| !body.is_empty());
    let reason = problem.map(|body| {
        let problem: serde_json::Value = serde_json::from_str(body).expect("a problem");
        assert_eq!(problem["status"], status);
        problem["reason"].as_str().expect("a reason").to_owned()
    });
    (status, reason.unwrap_or_default())
}

async fn assert_refused(cases: &[(&str, u16, &str)]) {
    for (bytes, status, reason) in cases {
        assert_eq!(refused(bytes).await, (*status, (*reason).to_owned()), "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_missing_double_or_invalid_is_400_and_close_on_any_path() {
    for path in ["/", "/nowhere"] {
        for (hosts, reason) in [
            ("", "host_missing"),
            ("host: a\r\nhost: a\r\n", "host_repeated"),
            ("host: a\r\nHOST: b\r\n", "host_repeated"),
            ("host:\r\n", "host_invalid"),
            ("host: a b\r\n", "host_invalid"),
            ("host: a@b\r\n", "host_invalid"),
            ("host: a/b\r\n", "host_invalid"),
            ("host: a:99999\r\n", "host_invalid"),
            ("host: [::1\r\n", "host_invalid"),
        ] {
            let bytes = format!("GET {path} HTTP/1.1\r\n{hosts}\r\n");
            assert_eq!(refused(&bytes).await, (400, reason.to_owned()), "{bytes:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn http_1_0_needs_no_host_but_two_or_a_bad_one_are_refused() {
    let text = all(&service(), Config::default(), "GET / HTTP/1.0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.0 200 OK") && text.ends_with("ok"), "{text}");
    for hosts in ["host: a\r\nhost: a\r\n", "host: a b\r\n"] {
        let text = all(&service(), Config::default(), format!("GET / HTTP/1.0\r\n{hosts}\r\n")).await;
        assert!(text.starts_with("HTTP/1.0 400 Bad Request"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bare_line_feed_anywhere_in_a_head_is_400_and_close() {
    assert_refused(&[
        ("\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bare_line_feed"),
        ("GET / HTTP/1.1\nhost: a\r\n\r\n", 400, "bare_line_feed"),
        ("GET / HTTP/1.1\r\nhost: a\n\r\n", 400, "bare_line_feed"),
        ("GET / HTTP/1.1\r\nhost: a\r\n\n", 400, "bare_line_feed"),
        ("GET / HTTP/1.1\nhost: a\n\n", 400, "bare_line_feed"),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: y\ntransfer-encoding: chunked\r\n\r\n", 400, "bare_line_feed"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_measured_twice_or_otherwise_coded_is_400_and_close() {
    let mut cases = Vec::new();
    for (headers, reason) in [
        ("content-length: 5\r\ntransfer-encoding: chunked\r\n", "content_length_and_transfer_encoding"),
        ("transfer-encoding: chunked\r\ncontent-length: 5\r\n", "content_length_and_transfer_encoding"),
        ("content-length: 5\r\ncontent-length: 5\r\n", "content_length_repeated"),
        ("transfer-encoding: gzip, chunked\r\n", "transfer_encoding"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "transfer_encoding"),
        ("transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", "transfer_encoding"),
        ("transfer-encoding: , chunked\r\n", "transfer_encoding"),
    ] {
        cases.push((format!("POST /echo HTTP/1.1\r\nhost: a\r\n{headers}\r\n"), reason));
    }
    for (bytes, reason) in cases {
        assert_eq!(refused(&bytes).await, (400, reason.to_owned()), "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_authorizations_are_400_and_close() {
    assert_refused(&[(
        "GET / HTTP/1.1\r\nhost: a\r\nauthorization: a\r\nauthorization: b\r\n\r\n",
        400,
        "authorization_repeated",
    )])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_a_servers_is_400_and_close() {
    assert_refused(&[
        ("GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400, "host_mismatch"),
        ("GET http://a:81/ HTTP/1.1\r\nhost: a\r\n\r\n", 400, "host_mismatch"),
        ("GET http://u@a/ HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad_target"),
        ("CONNECT b:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 400, "host_mismatch"),
        ("GET a HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad_target"),
        ("GET * HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad_target"),
        ("GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad_target"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_whole_uri_that_agrees_with_the_host_is_served() {
    for (uri, host) in
        [("http://a/", "a"), ("http://A:80/", "a"), ("http://a:8080/", "a:8080"), ("https://a/", "a:443")]
    {
        let mut peer = connect(&service(), Config::default());
        peer.send(format!("GET {uri} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
        assert!(peer.answer().await.starts_with("http/1.1 200"), "{uri} {host}");
    }
}

/// What hyper refuses itself, with a bare status: pinned, since the server relies on it.
#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_a_bare_400_and_close() {
    let with = |headers: &str| format!("POST / HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
    for bytes in [
        with("content-length: +5\r\n"),
        with("content-length: -5\r\n"),
        with("content-length: 5, 5\r\n"),
        with("content-length: 0x5\r\n"),
        with("content-length:\r\n"),
        with("content-length: 18446744073709551616\r\n"),
        with("content-length : 5\r\n"),
        with(" x: folded\r\n"),
        with("x: y\r\n folded\r\n"),
        with("x: y\r\n\tfolded\r\n"),
        with("x: a\rb\r\n"),
        with("x: a\0b\r\n"),
        with("x y: a\r\n"),
        with(": a\r\n"),
        with("x\r\n"),
        "GET / HTTP/1.1\rhost: a\r\n\r\n".to_owned(),
        "GET /a\rb HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1 \r\nhost: a\r\n\r\n".to_owned(),
        "GET / HTTP/2.0\r\nhost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.2\r\nhost: a\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "G<T / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
        "\0\r\n\r\n".to_owned(),
    ] {
        assert_eq!(refused(&bytes).await, (400, String::new()), "{bytes:?}");
    }
    let text =
        all(&service(), Config::default(), "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_head_above_32_kib_or_a_hundred_headers_is_431_and_close() {
    let long = "a".repeat(33 * 1024);
    let many = "x: y\r\n".repeat(100);
    for (headers, reason) in [
        (format!("x: {long}\r\n"), "head_too_large"),
        (format!("{long}: x\r\n"), "head_too_large"),
        (many.clone(), "too_many_headers"),
    ] {
        let bytes = format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
        assert_eq!(refused(&bytes).await, (431, reason.to_owned()));
    }
    // A hundred, the host included, and 32 KiB are served.
    for headers in [&many[6..], &format!("x: {}\r\n", &long[..32 * 1024 - 32])] {
        let mut peer = connect(&service(), Config::default());
        peer.send(format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
        assert!(peer.answer().await.starts_with("http/1.1 200"));
    }
}

#[tokio::test(start_paused = true)]
async fn more_headers_are_served_where_the_config_allows_them() {
    let mut peer = connect(&service(), config(|config| config.max_headers = 300));
    peer.send(format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(299))).await;
    assert!(peer.answer().await.starts_with("http/1.1 200"));
    peer.send(format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(300))).await;
    assert!(peer.answer().await.starts_with("http/1.1 431"));
}

#[tokio::test(start_paused = true)]
async fn a_target_above_8_kib_is_414_and_close() {
    for length in [8 * 1024, 40 * 1024] {
        let bytes = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(length));
        assert_eq!(refused(&bytes).await, (414, "uri_too_long".to_owned()));
    }
    let mut peer = connect(&service(), Config::default());
    peer.send(format!("GET /?{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(8 * 1024 - 2))).await;
    assert!(peer.answer().await.starts_with("http/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn an_endless_head_is_answered_and_no_more_of_it_is_read() {
    for start in ["", "GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nx: "] {
        let Peer { io, serving, .. } = connect_sized(&service(), Config::default(), 1024);
        let (mut reader, mut writer) = tokio::io::split(io);
        let send = async {
            writer.write_all(start.as_bytes()).await?;
            loop {
                writer.write_all(&[b'a'; 1024]).await?;
            }
        };
        let mut answer = Vec::new();
        let read = async {
            // Ends with an error once nobody takes any more.
            let _: Result<(), std::io::Error> = send.await;
            std::future::pending().await
        };
        tokio::select! {
            () = read => {}
            read = reader.read_to_end(&mut answer) => drop(read.unwrap()),
        }
        let text = String::from_utf8(answer).unwrap();
        let status = if start == "GET /" { "414" } else { "431" };
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{start:?}: {text}");
        assert_eq!(serving.await.unwrap(), End::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_before_a_refused_one_are_answered_in_their_order() {
    let bytes =
        format!("{GET}POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\na\nbGET / HTTP/1.1\r\n\r\n{GET}");
    let text = all(&service(), Config::default(), bytes).await;
    let statuses: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "200", "400"]);
    assert!(text.contains("a\nb"), "the body is not scanned: {text}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_passes_the_layers_and_the_finalizer_of_the_router() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let ears = Arc::clone(&told);
    let service = router()
        .finalize(move |finished: &crate::http::server::Finished<'_>| {
            let method = finished.context.method().map(|method| method.name());
            let refused = finished.error.and_then(|error| error.cause::<super::super::Refused>()).copied();
            ears.lock().unwrap().push((
                method,
                finished.status.map(|status| status.as_u16()),
                finished.outcome,
                refused,
            ));
        })
        .build()
        .unwrap();
    all(&service, Config::default(), "GET / HTTP/1.1\r\n\r\n").await;
    let expected =
        (Some("refused"), Some(400), kit_core::Outcome::BusinessError, Some(super::super::Refused::HostMissing));
    assert_eq!(*told.lock().unwrap(), [expected]);
}
