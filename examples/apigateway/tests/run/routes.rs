use serde_json::json;

use crate::behind::Behind;
use crate::support::start;

#[tokio::test]
async fn calls_are_passed_on_without_the_prefix_and_answers_come_back_as_they_are() {
    let behind = Behind::start().await;
    let gateway = start(&["--discover", &format!("static:{}", behind.addr)]).await;
    let headers = [("content-type", "application/json"), ("x-request-id", "through")];
    let answer = gateway.send("POST", "/stringsvc/uppercase", &headers, br#"{"s":"hello"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":"HELLO"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let ids = answer.headers.iter().filter(|(name, _)| name == "x-request-id").collect::<Vec<_>>();
    assert_eq!(ids, [&("x-request-id".to_owned(), "through".to_owned())]);
    assert_eq!(gateway.post("/stringsvc/count", r#"{"s":"hello"}"#).await.json(), json!({ "v": 5 }));
    assert_eq!(behind.answered(), 2);

    // The errors of the service are its own, not the gateway's.
    let refused = gateway.post("/stringsvc/uppercase", r#"{"s":""}"#).await.problem();
    assert_eq!(refused, (400, "InvalidArgument".into(), "empty_string".into()));
    assert_eq!(gateway.post("/stringsvc/count", "no json").await.problem().2, "json_malformed");
    assert_eq!(behind.answered(), 3, "what is no request is sent once too, and answered by its binding");
}

#[tokio::test]
async fn what_is_no_route_of_the_gateway_is_passed_on_to_nobody() {
    let behind = Behind::start().await;
    let gateway = start(&["--discover", &format!("static:{}", behind.addr)]).await;
    for path in ["/uppercase", "/stringsvc", "/stringsvc/nowhere", "/stringsvc/uppercase/more"] {
        assert_eq!(gateway.post(path, r#"{"s":"a"}"#).await.problem(), (404, "NotFound".into(), "no_route".into()));
    }
    assert_eq!(gateway.get("/stringsvc/uppercase").await.status, 405);
    let large = format!("{{\"s\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let large = gateway.post("/stringsvc/count", &large).await.problem();
    assert_eq!(large, (413, "ResourceExhausted".into(), "body_too_large".into()));
    assert_eq!(behind.answered(), 0);
}

#[tokio::test]
async fn an_operator_finds_metrics_and_health() {
    let behind = Behind::start().await;
    let gateway = start(&["--discover", &format!("static:{}", behind.addr)]).await;
    gateway.post("/stringsvc/uppercase", r#"{"s":"abc"}"#).await;
    gateway.post("/stringsvc/uppercase", r#"{"s":""}"#).await;
    assert_eq!((gateway.get("/healthz").await.status, gateway.get("/readyz").await.status), (200, 200));
    let scrape = gateway.get("/metrics").await.body;
    for line in [
        r#"kit_server_requests_total{service="stringsvc",method="uppercase",outcome="success",code="OK"} 1"#,
        r#"kit_client_requests_total{service="stringsvc",method="uppercase",outcome="success",code="OK"} 1"#,
        r#"kit_client_picks_total{client="stringsvc"} 2"#,
        r#"kit_client_no_endpoint_total{client="stringsvc"} 0"#,
        r#"kit_client_instances{client="stringsvc",state="in"} 1"#,
        r#"kit_client_channels_made_total{client="stringsvc"} 1"#,
        r#"kit_discovery_instances{service="stringsvc"} 1"#,
    ] {
        assert!(scrape.lines().any(|found| found == line), "{line} in\n{scrape}");
    }
    let logged = gateway.stop().await.stderr;
    let lines = |side: &str| logged.lines().filter(|line| line.contains(side)).count();
    assert_eq!(
        (lines("side=server method=stringsvc.uppercase"), lines("side=client method=stringsvc.uppercase")),
        (2, 2)
    );
}
