use std::path::PathBuf;

use tokio::time::{sleep, timeout};

use crate::behind::Behind;
use crate::support::{PATIENCE, Service, start};

/// A set of instances in a file, taken away at the end.
struct Set(PathBuf);

impl Set {
    fn new(name: &str, addresses: &[&str]) -> Self {
        let set = Self(std::env::temp_dir().join(format!("apigateway-{}-{name}.json", std::process::id())));
        set.write(addresses);
        set
    }

    /// At one go: a half of it would be a trouble of its own.
    fn write(&self, addresses: &[&str]) {
        let text = serde_json::to_string(addresses).expect("JSON");
        std::fs::write(self.0.with_extension("new"), text).expect("a file");
        std::fs::rename(self.0.with_extension("new"), &self.0).expect("renamed");
    }

    fn source(&self) -> String {
        format!("file:{}", self.0.display())
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn uppercase(gateway: &Service) -> u16 {
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
    let set = Set::new("nobody", &[]);
    // Nobody reads its log while it is called in a loop.
    let quiet = ["--log-level=error", "--client-endpointer-policy-empty-grace=0s"];
    let gateway = start(&[&["--discover", &set.source()], &quiet[..]].concat()).await;
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
    set.write(&[&behind.addr]);
    let until = async |status: u16| {
        let reached = async {
            while uppercase(&gateway).await != status {
                sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {status}"));
    };
    until(200).await;
    set.write(&[]);
    until(503).await;
}

#[tokio::test]
async fn an_operator_who_asks_for_it_is_told_who_is_called_and_why() {
    let behind = Behind::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let flags = ["--discover", &format!("static:{}", behind.addr), "--debug-addr", &port.to_string()];
    let mut gateway = start(&flags).await;
    assert_eq!(uppercase(&gateway).await, 200);
    assert_eq!(gateway.get("/instances").await.status, 404, "not where callers are");
    gateway.addr = port.to_string();
    let text = gateway.get("/instances").await.body;
    assert!(text.starts_with("stringsvc: 1 instance, set 1") && text.contains(&behind.addr), "{text}");
    let said = gateway.get("/instances?json").await.json();
    assert_eq!((&said["instances"][0]["id"], &said["balancer"]), (&behind.addr.as_str().into(), &"PeakEwma".into()));
}
