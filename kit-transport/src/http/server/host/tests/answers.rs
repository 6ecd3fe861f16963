//! What the host adds to answers, and what it answers itself.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_connection_serves_many_requests_also_pipelined_ones() {
    let mut peer = connect(&service(), Config::default());
    peer.send(GET.repeat(20)).await;
    for _ in 0..20 {
        let text = peer.answer().await;
        assert!(text.starts_with("http/1.1 200") && text.ends_with("ok"), "{text}");
        assert!(!text.contains("connection:"), "{text}");
    }
    assert_eq!(peer.stats.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn above_the_calls_in_flight_a_call_is_503_before_its_body_and_counts_as_rejected() {
    let (tell, mut told) = tokio::sync::mpsc::channel(8);
    let service = router()
        .finalize(move |finished: &crate::http::server::Finished<'_>| {
            let refused = finished.error.and_then(|error| error.cause::<super::super::Refused>()).copied();
            tell.try_send((finished.outcome, refused)).unwrap();
        })
        .build()
        .unwrap();
    let host = Arc::new(Host::new(config(|config| config.max_in_flight = 1)));
    let connect = || {
        let (io, theirs) = duplex(64 * 1024);
        let (signal, stats) = (Arc::new(Signal::default()), host.stats.clone());
        let serving = serve_io(theirs, Connection::default(), service.clone(), Arc::clone(&host), Arc::clone(&signal));
        Peer { io, serving: tokio::spawn(serving), signal, stats }
    };
    let (mut first, mut second) = (connect(), connect());
    first.send("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await;
    while first.stats.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    second.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n").await;
    let text = second.answer().await;
    assert!(text.starts_with("http/1.1 503") && text.contains("retry-after: 1\r\n"), "{text}");
    assert!(text.contains("\"reason\":\"too_busy\"") && text.contains("connection: close"), "{text}");
    assert_eq!(told.recv().await, Some((kit_core::Outcome::Rejected, Some(super::super::Refused::Busy))));
    assert_eq!(second.count("refused_too_busy_total"), 1);
    // The place is free again once the first is over, also when its client went away.
    first.ended().await;
    let mut third = connect();
    third.send(GET).await;
    assert!(third.answer().await.starts_with("http/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_want_of_room_leaves_a_connection_without_a_body_open() {
    let host = Arc::new(Host::new(config(|config| config.max_in_flight = 1)));
    assert!(host.stats.counts().begin(1), "somebody has the only place");
    let (io, theirs) = duplex(64 * 1024);
    let (signal, stats) = (Arc::new(Signal::default()), host.stats.clone());
    let serving = serve_io(theirs, Connection::default(), service(), Arc::clone(&host), Arc::clone(&signal));
    let mut peer = Peer { io, serving: tokio::spawn(serving), signal, stats };
    peer.send(GET).await;
    let text = peer.answer().await;
    assert!(text.starts_with("http/1.1 503") && !text.contains("connection: close"), "{text}");
    host.stats.counts().end();
    peer.send(GET).await;
    assert!(peer.answer().await.starts_with("http/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn an_http_1_0_answer_that_breaks_off_resets_its_connection() {
    let broken = endpoint_fn(async |cx, _: Request| {
        let chunks = futures_util::stream::iter([Ok(Bytes::from_static(b"half")), Err(Error::data_loss("lost"))]);
        Ok(Response::new(Body::stream(Streaming::new(cx, chunks))))
    });
    let service = Router::new().get("/", broken).build().unwrap();
    for (version, reset) in [("1.0", true), ("1.1", false)] {
        let (io, theirs) = duplex(64 * 1024);
        let host = Arc::new(Host::new(Config::default()));
        let was_reset = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let wired = Resettable { io: theirs, was_reset: Arc::clone(&was_reset) };
        let serving = serve_io(wired, Connection::default(), service.clone(), host, Arc::default());
        let serving = tokio::spawn(serving);
        let mut io = io;
        io.write_all(format!("GET / HTTP/{version}\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        io.read_to_string(&mut text).await.unwrap();
        serving.await.unwrap();
        assert!(!text.ends_with("0\r\n\r\n"), "{text}");
        assert_eq!(was_reset.load(std::sync::atomic::Ordering::Relaxed), reset, "HTTP/{version}: {text}");
    }
}

/// Tells whether its end would have been a reset.
struct Resettable {
    io: DuplexStream,
    was_reset: Arc<std::sync::atomic::AtomicBool>,
}

impl super::super::wire::Transport for Resettable {
    fn reset(&mut self) {
        self.was_reset.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

impl tokio::io::AsyncRead for Resettable {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.io).poll_read(task, buf)
    }
}

impl tokio::io::AsyncWrite for Resettable {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.io).poll_write(task, bytes)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.io).poll_flush(task)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.io).poll_shutdown(task)
    }
}
