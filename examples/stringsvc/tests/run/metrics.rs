use std::net::UdpSocket as Free;
use std::time::Duration;

use program::{Ended, PATIENCE, ended};
use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::support::{command, start};

/// Five letters are made upper case, `/metrics` answers with this status, and it ends as it should.
async fn served(metrics: &str, status: u16) -> (Ended, String) {
    let service = start(&["--metrics", metrics]).await;
    assert_eq!(service.post("/uppercase", r#"{"s":"hello"}"#).await.status, 200);
    let scrape = service.get("/metrics").await;
    assert_eq!(scrape.status, status, "{metrics}");
    let ended = service.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{metrics}: {}", ended.stderr);
    (ended, scrape.body)
}

#[tokio::test]
async fn what_is_scraped_is_at_metrics_in_the_format_that_was_chosen() {
    let (_, text) = served("prometheus", 200).await;
    assert!(text.contains("\nstringsvc_uppercased_total 5\n"), "{text}");
    let (_, json) = served("expvar", 200).await;
    let json: Value = serde_json::from_str(&json).expect("one object");
    assert_eq!(json["stringsvc_uppercased_total"], 5);
}

#[tokio::test]
async fn what_goes_to_stdout_is_there_when_it_has_ended() {
    let (ended, _) = served("stdout", 404).await;
    let row = ended.stdout.lines().find(|line| line.contains("stringsvc_uppercased_total")).expect("a row");
    assert!(row.split_whitespace().any(|cell| cell == "5"), "{row}");
    let (ended, _) = served("stdout:json", 404).await;
    let line = ended.stdout.lines().find(|line| line.contains("stringsvc_uppercased_total")).expect("a line");
    serde_json::from_str::<Value>(line).expect("JSON");
}

#[tokio::test]
async fn what_is_sent_to_a_statsd_daemon_has_arrived_when_it_has_ended() {
    for (kind, sent) in [
        ("statsd", "kit_server_requests_total.stringsvc.uppercase.success.OK:1|c"),
        ("dogstatsd", "stringsvc_uppercased_total:5|c"),
    ] {
        let daemon = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let (_ended, _) = served(&format!("{kind}:{}", daemon.local_addr().expect("bound")), 404).await;
        let mut datagram = vec![0; 65_536];
        let arrived = async {
            loop {
                let count = daemon.recv(&mut datagram).await.expect("a datagram");
                let text = String::from_utf8_lossy(&datagram[..count]);
                if text.lines().any(|line| line.starts_with(sent)) {
                    return;
                }
            }
        };
        timeout(PATIENCE, arrived).await.unwrap_or_else(|_| panic!("{sent} did not arrive"));
    }
}

#[tokio::test]
async fn a_daemon_that_is_not_there_keeps_nobody_from_anything() {
    let port = Free::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let ended = timeout(Duration::from_secs(15), served(&format!("statsd:127.0.0.1:{port}"), 404)).await;
    ended.expect("neither the calls nor the end wait for it");
}

#[tokio::test]
async fn a_backend_that_there_is_not_is_one_line_that_says_which_there_are() {
    for wrong in ["graphite", "statsd", "statsd:here"] {
        let line = ended(command(&["--addr", "127.0.0.1:0", "--metrics", wrong])).await.refusal();
        assert!(line.contains("HOST:PORT") && line.contains(wrong), "{line}");
    }
}
