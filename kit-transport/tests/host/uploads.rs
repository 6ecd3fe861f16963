use std::sync::Arc;

use kit_core::{Error, Streaming, endpoint_fn};
use kit_transport::http::server::{Config, Router};
use kit_transport::http::{Body, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;

use crate::support::{config, is_served, raw, start};

#[tokio::test]
async fn a_client_that_is_still_sending_reads_why_it_was_refused() {
    let read = endpoint_fn(async |_cx, request: Request| {
        let bytes = request.into_body().bytes(1024).await?;
        Ok(Response::new(Body::from(bytes)))
    });
    let service = Router::new().post("/", read).get("/", crate::support::ok()).build().unwrap();
    let running = start(service, config(|config| config.linger = std::time::Duration::from_secs(60))).await;
    for _ in 0..20 {
        let stream = raw(running.addr, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n").await;
        let (mut reader, mut writer) = stream.into_split();
        let sending = tokio::spawn(async move {
            let sent = writer.write_all(&[b'x'; 500_000]).await;
            (sent, writer)
        });
        let mut head = [0; 12];
        reader.read_exact(&mut head).await.expect("an answer, not a reset");
        assert_eq!(&head, b"HTTP/1.1 413");
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.expect("an end, not a reset");
        drop(sending.await.unwrap());
    }
    assert!(is_served(running.addr).await);
}

#[tokio::test]
async fn an_http_1_0_answer_that_breaks_off_is_a_reset_and_never_a_short_success() {
    let gate = Arc::new(Notify::new());
    let broken = kit_core::endpoint_with(Arc::clone(&gate), async |gate, cx, _: Request| {
        let gate = Arc::clone(gate);
        let chunks = futures_util::stream::unfold(0, move |number| {
            let gate = Arc::clone(&gate);
            async move {
                match number {
                    0 => Some((Ok(bytes::Bytes::from_static(b"half")), 1)),
                    _ => {
                        gate.notified().await;
                        Some((Err(Error::data_loss("lost")), 2))
                    }
                }
            }
        });
        Ok(Response::new(Body::stream(Streaming::new(cx, chunks))))
    });
    let running = start(Router::new().get("/", broken).build().unwrap(), Config::default()).await;
    let mut stream = raw(running.addr, "GET / HTTP/1.0\r\n\r\n").await;
    let mut text = Vec::new();
    while !text.ends_with(b"half") {
        text.push(stream.read_u8().await.unwrap());
    }
    gate.notify_one();
    let error = stream.read_to_end(&mut text).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
