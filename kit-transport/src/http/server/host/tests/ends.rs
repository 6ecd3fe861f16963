//! How a connection ends: by its age, in a drain, cut off.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_connection_as_old_as_an_hour_says_close_with_its_next_answer() {
    let mut peer = connect(&service(), Config::default());
    let (took, ()) = timed(async {
        loop {
            peer.send(GET).await;
            if peer.answer().await.contains("connection: close") {
                return;
            }
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    })
    .await;
    // Up to a tenth shorter, and at the next request.
    assert!((Duration::from_secs(54 * 60)..Duration::from_secs(61 * 60)).contains(&took), "{took:?}");
    assert_eq!(peer.rest().await, "");
    assert_eq!((peer.count("aged_total"), peer.stats.aborted()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_at_a_connections_greatest_age_has_its_grace_and_is_cut_off_then() {
    let mut peer = connect(&service(), config(|config| config.max_age = Duration::from_secs(60)));
    peer.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let (took, end) = timed(peer.serving).await;
    assert!((Duration::from_secs(354)..=Duration::from_secs(360)).contains(&took), "{took:?}");
    assert_eq!((end.unwrap(), peer.stats.aborted()), (End::Aborted, 1));
}

#[tokio::test(start_paused = true)]
async fn a_drain_leaves_an_unused_connection_half_a_second_for_a_request_on_its_way() {
    for used in [false, true] {
        let mut peer = connect(&service(), Config::default());
        if used {
            peer.send(GET).await;
            peer.answer().await;
        }
        peer.drain();
        tokio::time::sleep(Duration::from_millis(400)).await;
        peer.send(GET).await;
        let text = peer.answer().await;
        assert!(text.contains("connection: close") && text.ends_with("ok"), "{text}");
        assert_eq!(peer.rest().await, "");

        let mut peer = connect(&service(), Config::default());
        if used {
            peer.send(GET).await;
            peer.answer().await;
        }
        peer.drain();
        let (took, text) = timed(peer.rest()).await;
        assert_eq!((took, text.as_str()), (Duration::from_millis(500), ""));
        assert_eq!(peer.ended().await, End::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_finishes_what_is_in_flight_and_closes_then() {
    let (service, gates) = gated();
    let mut peer = connect(&service, Config::default());
    peer.send(GET).await;
    gates.0.notified().await;
    peer.drain();
    tokio::time::sleep(Duration::from_secs(5)).await;
    gates.1.notify_one();
    let text = peer.rest().await;
    assert!(text.to_lowercase().contains("connection: close") && text.ends_with("done"), "{text}");
    assert_eq!(peer.ended().await, End::Done);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_rest_of_a_head() {
    let mut peer = connect(&service(), Config::default());
    peer.send("GET / HTTP/1.1\r\n").await;
    tokio::task::yield_now().await;
    peer.drain();
    tokio::time::sleep(Duration::from_secs(3)).await;
    peer.send("host: a\r\n\r\n").await;
    let text = peer.rest().await;
    assert!(text.to_lowercase().contains("connection: close") && text.ends_with("ok"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_an_http_2_preface_does_not_hold_a_drain() {
    let mut peer = connect(&service(), Config::default());
    peer.send("PRI * HTTP/2.0\r\n\r\nSM").await;
    tokio::task::yield_now().await;
    peer.drain();
    // In a head, as far as anyone can tell: bounded by the time of heads, and by the drain's own.
    let (took, _) = timed(peer.rest()).await;
    assert_eq!(took, Duration::from_secs(10));
    let mut peer = connect(&service(), Config::default());
    peer.send("PRI * HTTP/2.0\r\n\r\nSM").await;
    tokio::task::yield_now().await;
    peer.drain();
    tokio::task::yield_now().await;
    peer.cut();
    let (took, end) = timed(peer.serving).await;
    assert_eq!((took, end.unwrap()), (Duration::ZERO, End::Done));
}

#[tokio::test(start_paused = true)]
async fn a_streamed_answer_that_is_cut_off_has_no_last_chunk() {
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let service = router()
        .finalize(move |finished: &crate::http::server::Finished<'_>| {
            tell.try_send((finished.outcome, finished.status.map(|status| status.as_u16()), finished.bytes)).unwrap();
        })
        .build()
        .unwrap();
    let mut peer = connect(&service, Config::default());
    peer.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut first = vec![0; 512];
    let read = peer.io.read(&mut first).await.unwrap();
    peer.drain();
    tokio::task::yield_now().await;
    peer.cut();
    let text = String::from_utf8_lossy(&first[..read]).into_owned() + &peer.rest().await;
    assert!(text.contains("transfer-encoding: chunked") && text.ends_with("5\r\nchunk\r\n"), "{text}");
    assert_eq!(told.recv().await, Some((kit_core::Outcome::Cancelled, Some(200), 5)));
    assert_eq!(peer.ended().await, End::Aborted);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_off_before_its_answer_gets_none() {
    let mut peer = connect(&service(), Config::default());
    peer.send("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await;
    while peer.stats.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    peer.drain();
    peer.cut();
    assert_eq!(peer.rest().await, "");
    assert_eq!(peer.stats.in_flight(), 0);
    assert_eq!(peer.ended().await, End::Aborted);
}
