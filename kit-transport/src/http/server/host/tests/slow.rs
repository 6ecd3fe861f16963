//! What is too slow, in either direction.

use super::*;

const HALF: &str = "GET / HTTP/1.1\r\nhost: ";

#[tokio::test(start_paused = true)]
async fn a_head_that_takes_longer_than_ten_seconds_is_408_and_close() {
    let mut peer = connect(&service(), Config::default());
    let (took, text) = timed(async {
        peer.send(HALF).await;
        peer.rest().await
    })
    .await;
    assert_eq!(took, Duration::from_secs(10));
    assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"), "{text}");
    assert_eq!(peer.count("header_timeouts_total"), 1);
    assert_eq!(peer.ended().await, End::Done);
}

#[tokio::test(start_paused = true)]
async fn a_drop_at_a_time_does_not_prolong_a_head() {
    let mut peer = connect(&service(), Config::default());
    let (took, ()) = timed(async {
        // Until nobody takes any more.
        while peer.io.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(900)).await;
        }
    })
    .await;
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_later_head_has_its_time_from_its_first_byte() {
    let mut peer = connect(&service(), Config::default());
    peer.send(GET).await;
    peer.answer().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (took, text) = timed(async {
        peer.send(HALF).await;
        peer.rest().await
    })
    .await;
    assert_eq!(took, Duration::from_secs(10));
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_without_a_word() {
    for bytes in ["", "PRI * HTTP/2.0\r\n"] {
        let mut peer = connect(&service(), Config::default());
        peer.send(bytes).await;
        let (took, text) = timed(peer.rest()).await;
        assert_eq!((took, text.as_str()), (Duration::from_secs(10), ""), "{bytes:?}");
        assert_eq!(peer.ended().await, End::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_in_time_has_no_time_of_its_own_while_the_call_takes_its_own() {
    let (service, gates) = gated();
    let mut peer = connect(&service, Config::default());
    peer.send(HALF).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    peer.send("a\r\n\r\n").await;
    gates.0.notified().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    gates.1.notify_one();
    assert!(peer.answer().await.ends_with("done"));
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_is_closed_after_75_seconds_or_up_to_a_tenth_before() {
    let mut peer = connect(&service(), Config::default());
    for _ in 0..3 {
        peer.send(GET).await;
        peer.answer().await;
        // Used again and again, it stays.
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    peer.send(GET).await;
    peer.answer().await;
    let (took, text) = timed(peer.rest()).await;
    assert_eq!(text, "");
    assert!((Duration::from_millis(67_500)..=Duration::from_secs(75)).contains(&took), "{took:?}");
    assert_eq!(peer.count("idle_closed_total"), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_that_began_together_do_not_close_together() {
    let service = service();
    let mut times = Vec::new();
    for _ in 0..8 {
        let mut peer = connect(&service, Config::default());
        peer.send(GET).await;
        peer.answer().await;
        times.push(timed(peer.rest()).await.0);
    }
    times.sort();
    times.dedup();
    assert!(times.len() > 4, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let mut peer = connect_sized(&large(), Config::default(), 1024);
    peer.send(GET).await;
    let (took, end) = timed(&mut peer.serving).await;
    assert_eq!((took, end.unwrap()), (Duration::from_secs(30), End::Aborted));
    assert_eq!((peer.stats.aborted(), peer.stats.in_flight(), peer.count("write_timeouts_total")), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_its_answer_slowly_gets_it_whole() {
    let mut peer = connect_sized(&large(), Config::default(), 1024);
    peer.send(GET).await;
    let mut taken = 0;
    let mut room = [0; 16 * 1024];
    while taken < LARGE {
        taken += peer.io.read(&mut room).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(peer.stats.aborted(), 0);
}

const LARGE: usize = 256 * 1024;

fn large() -> RouterService {
    let large = endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::full(vec![b'x'; LARGE]))));
    Router::new().get("/", large).build().unwrap()
}
