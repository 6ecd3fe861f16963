use program::{File, PATIENCE, Program};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::behind::Behind;
use crate::support::start;

async fn uppercase(gateway: &Program) -> u16 {
    gateway.post("/stringsvc/uppercase", r#"{"s":"hello"}"#).await.status
}

#[tokio::test]
async fn calls_are_spread_over_all_instances_and_the_end_of_one_costs_none() {
    let (first, second) = (Behind::start().await, Behind::start().await);
    let gateway = start(&["--discover", &format!("static:{},{}", first.addr, second.addr)]).await;
    for _ in 0..40 {
        assert_eq!(uppercase(&gateway).await, 200);
    }
    assert_eq!(first.answered() + second.answered(), 40);
    assert!(first.answered() > 0 && second.answered() > 0, "{} and {}", first.answered(), second.answered());
    let first = {
        let answered = first.answered();
        drop(first);
        answered
    };
    for _ in 0..40 {
        assert_eq!(uppercase(&gateway).await, 200);
    }
    assert_eq!(first + second.answered(), 80);
}

#[tokio::test]
async fn with_nobody_there_the_problem_says_so_and_of_which_service() {
    let set = File::new("nobody.json", "[]");
    // Nobody reads its log while it is called in a loop.
    let quiet = ["--log-level=error", "--client-endpointer-policy-empty-grace=0s"];
    let gateway = start(&[&["--discover", &format!("file:{}", set.path())], &quiet[..]].concat()).await;
    let nobody = gateway.post("/stringsvc/uppercase", r#"{"s":"hello"}"#).await;
    assert_eq!(nobody.problem(), (503, "Unavailable".into(), "no_endpoint".into()));
    let detail = nobody.json()["detail"].as_str().expect("text").to_owned();
    assert!(detail.starts_with("nobody is there to answer for stringsvc: "), "{detail}");
    assert_eq!(
        gateway.get("/readyz").await.status,
        200,
        "what is behind it being away is no reason to send callers elsewhere"
    );

    // Somebody comes, and goes again.
    let behind = Behind::start().await;
    set.write(&json!([behind.addr]).to_string());
    let until = async |status: u16| {
        let reached = async {
            while uppercase(&gateway).await != status {
                sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {status}"));
    };
    until(200).await;
    set.write("[]");
    until(503).await;
}

#[tokio::test]
async fn an_operator_who_asks_for_it_is_told_who_is_called_and_why() {
    let behind = Behind::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let flags = ["--discover", &format!("static:{}", behind.addr), "--debug-addr", &port.to_string()];
    let mut gateway = start(&flags).await;
    assert_eq!(uppercase(&gateway).await, 200);
    assert_eq!(gateway.get("/instances/stringsvc").await.status, 404, "not where callers are");
    gateway.addr = port.to_string();
    let text = gateway.get("/instances/stringsvc").await.body;
    assert!(text.starts_with("stringsvc: 1 instance, set 1") && text.contains(&behind.addr), "{text}");
    let said = gateway.get("/instances/stringsvc?json").await.json();
    assert_eq!((&said["instances"][0]["id"], &said["balancer"]), (&behind.addr.as_str().into(), &"PeakEwma".into()));
}
