use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use addsvc::service::{Add, AddService, Series, Sums};
use addsvc::transport::{Parts, Wire};
use kit::http::server::{Config, Server};
use kit::log::Logger;
use kit::metrics::{Provider, Registry};
use kit::server::Stack;
use kit::{Context, Error, Health};
use program::Program;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::start;

/// An instance of addsvc on all its wires; it ends when this is dropped, and its connections with it.
struct Behind {
    addr: String,
    answered: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

/// The service, and how often it was asked.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl AddService for Counted {
    async fn sum(&self, cx: &mut Context, a: i64, b: i64) -> Result<i64, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Add.sum(cx, a, b).await
    }

    async fn concat(&self, cx: &mut Context, a: String, b: String) -> Result<String, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Add.concat(cx, a, b).await
    }

    async fn series(&self, cx: &mut Context, from: Series) -> Result<Sums, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Add.series(cx, from).await
    }
}

impl Behind {
    async fn start() -> Self {
        let answered = Arc::new(AtomicUsize::new(0));
        let metrics = Registry::new();
        let parts = Parts {
            service: Counted(Arc::clone(&answered)),
            stack: Stack::new(&Logger::discard(), &metrics).expect("a stack"),
            metrics: Provider::open("prometheus", &metrics).expect("a backend"),
            health: Health::new(),
        };
        let routes = parts.routes(&WIRES).expect("routes that do not clash");
        let bound = Server::new(Config::default()).expect("the defaults").bind("127.0.0.1:0").await.expect("a port");
        let addr = bound.local_addr().to_string();
        let serving = tokio::spawn(async move {
            bound.serve(routes, std::future::pending()).await;
        });
        Self { addr, answered, serving }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

const WIRES: [Wire; 3] = [Wire::Http, Wire::Jsonrpc, Wire::Grpc];
const TRANSPORTS: [&str; 3] = ["http", "jsonrpc", "grpc"];

/// A gateway to these instances, and to no stringsvc.
async fn gateway(transport: &str, behind: &[&Behind]) -> Program {
    let addresses: Vec<_> = behind.iter().map(|behind| behind.addr.as_str()).collect();
    let source = format!("static:{}", addresses.join(","));
    start(&["--discover", "static:127.0.0.1:1", "--addsvc-discover", &source, "--addsvc-transport", transport]).await
}

#[tokio::test]
async fn it_is_called_over_the_wire_that_was_chosen_and_answers_as_it_would_itself() {
    let behind = Behind::start().await;
    for (calls, transport) in (0..).step_by(4).zip(TRANSPORTS) {
        let gateway = gateway(transport, &[&behind]).await;
        let headers = [("content-type", "application/json"), ("x-request-id", "through")];
        let answer = gateway.send("POST", "/addsvc/sum", &headers, br#"{"a":1,"b":2}"#).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":3}"#), "{transport}");
        assert_eq!(answer.header("x-request-id"), Some("through"), "{transport}");
        let answer = gateway.post("/addsvc/concat", r#"{"a":"1","b":"2"}"#).await;
        assert_eq!(answer.json(), json!({"v":"12"}), "{transport}");

        // The errors of the service are its own, not the gateway's.
        let refused = gateway.post("/addsvc/sum", r#"{"a":0,"b":0}"#).await;
        assert_eq!(refused.problem(), (400, "InvalidArgument".into(), "two_zeroes".into()), "{transport}");
        assert_eq!(refused.json()["error"], "can't sum two zeroes");
        let refused = gateway.post("/addsvc/concat", r#"{"a":"123456","b":"78901"}"#).await;
        assert_eq!(refused.problem(), (400, "InvalidArgument".into(), "max_size_exceeded".into()), "{transport}");
        assert_eq!(behind.answered(), calls + 4);
    }
}

#[tokio::test]
async fn a_series_comes_through_as_lines_over_each_wire_that_has_streams() {
    let behind = Behind::start().await;
    for transport in ["http", "grpc"] {
        let gateway = gateway(transport, &[&behind]).await;
        let answer = gateway.post("/addsvc/series", r#"{"a":1,"b":1,"count":3}"#).await;
        let lines = [json!({"v":2}), json!({"v":3}), json!({"v":5})];
        assert_eq!((answer.status, answer.is_whole(), answer.lines()), (200, true, lines.to_vec()), "{transport}");
        // An error on its way breaks it off here too.
        let answer = gateway.post("/addsvc/series", r#"{"a":1073741823,"b":1}"#).await;
        assert_eq!((answer.status, answer.is_whole(), answer.lines().len()), (200, false, 2), "{transport}");
    }
    let gateway = gateway("jsonrpc", &[&behind]).await;
    let answer = gateway.post("/addsvc/series", r#"{"a":1,"b":1}"#).await;
    assert_eq!(answer.problem(), (501, "Unimplemented".into(), "no_streams".into()));
}

#[tokio::test]
async fn what_is_no_request_of_it_reaches_nobody() {
    let behind = Behind::start().await;
    let gateway = gateway("http", &[&behind]).await;
    assert_eq!(gateway.post("/addsvc/sum", r#"{"a":1}"#).await.problem().2, "json_mismatch");
    assert_eq!(gateway.post("/addsvc/sum", "no json").await.problem().2, "json_malformed");
    for path in ["/sum", "/addsvc", "/addsvc/nowhere", "/addsvc/sum/more"] {
        assert_eq!(gateway.post(path, "{}").await.problem(), (404, "NotFound".into(), "no_route".into()), "{path}");
    }
    assert_eq!(gateway.get("/addsvc/sum").await.status, 405);
    assert_eq!(behind.answered(), 0);
}

#[tokio::test]
async fn calls_are_spread_over_its_instances_and_the_end_of_one_costs_none() {
    for transport in TRANSPORTS {
        let (first, second) = (Behind::start().await, Behind::start().await);
        let gateway = gateway(transport, &[&first, &second]).await;
        let sum = async || gateway.post("/addsvc/sum", r#"{"a":1,"b":2}"#).await.status;
        for _ in 0..40 {
            assert_eq!(sum().await, 200, "{transport}");
        }
        assert!(first.answered() > 0 && second.answered() > 0, "{} and {}", first.answered(), second.answered());
        assert_eq!(first.answered() + second.answered(), 40);
        drop(first);
        for _ in 0..40 {
            assert_eq!(sum().await, 200, "{transport}");
        }
        drop(second);
        assert_eq!(sum().await, 503, "{transport}");
    }
}

#[tokio::test]
async fn each_of_the_two_services_is_followed_for_itself() {
    let (strings, adds) = (crate::behind::Behind::start().await, Behind::start().await);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let (of_strings, of_adds) = (format!("static:{}", strings.addr), format!("static:{}", adds.addr));
    let flags = ["--discover", &of_strings, "--addsvc-discover", &of_adds, "--debug-addr", &port.to_string()];
    let mut gateway = start(&flags).await;
    assert_eq!(gateway.post("/addsvc/sum", r#"{"a":1,"b":2}"#).await.status, 200);
    assert_eq!(gateway.post("/stringsvc/count", r#"{"s":"a"}"#).await.status, 200);
    assert_eq!((strings.answered(), adds.answered()), (1, 1));
    let scrape = gateway.get("/metrics").await.body;
    for line in [
        r#"kit_client_picks_total{client="addsvc"} 1"#,
        r#"kit_client_picks_total{client="stringsvc"} 1"#,
        r#"kit_client_requests_total{service="pb.Add",method="Sum",outcome="success",code="OK"} 1"#,
    ] {
        assert!(scrape.lines().any(|found| found == line), "{line} in\n{scrape}");
    }
    gateway.addr = port.to_string();
    let text = gateway.get("/instances/addsvc").await.body;
    assert!(text.starts_with("addsvc: 1 instance, set 1") && text.contains(&adds.addr), "{text}");
}
