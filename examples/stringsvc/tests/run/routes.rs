use serde_json::json;

use crate::support::start;

fn problem(status: u16, code: &str, reason: &str) -> (u16, String, String) {
    (status, code.into(), reason.into())
}

#[tokio::test]
async fn the_operations_answer() {
    let service = start(&[]).await;
    let answer = service.post("/uppercase", r#"{"s":"hello"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":"HELLO"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    let answer = service.post("/count", r#"{"s":"hello"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":5}"#));
    assert_eq!(service.post("/count", r#"{"s":"größe"}"#).await.json(), json!({ "v": 5 }));
}

#[tokio::test]
async fn an_empty_string_is_a_business_error_on_both() {
    let service = start(&[]).await;
    for path in ["/uppercase", "/count"] {
        assert_eq!(service.post(path, r#"{"s":""}"#).await.problem(), problem(400, "InvalidArgument", "empty_string"));
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_a_problem() {
    let service = start(&[]).await;
    for (body, reason) in [
        ("", "json_malformed"),
        ("{", "json_malformed"),
        (r#"{"s":1}"#, "json_mismatch"),
        (r#"{"t":"a"}"#, "json_mismatch"),
        ("[]", "json_mismatch"),
        (&"[".repeat(100_000), "json_too_deep"),
    ] {
        assert_eq!(service.post("/uppercase", body).await.problem(), problem(400, "InvalidArgument", reason));
    }
    let utf8 = service.send("POST", "/count", &[("content-type", "application/json")], b"{\"s\":\"\xff\xfe\"}").await;
    assert_eq!(utf8.problem(), problem(400, "InvalidArgument", "json_malformed"));
    let large = format!("{{\"s\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let large = service.post("/uppercase", &large).await;
    assert_eq!(large.problem(), problem(413, "ResourceExhausted", "body_too_large"));
}

#[tokio::test]
async fn a_type_or_coding_that_nobody_reads_is_415() {
    let service = start(&[]).await;
    let json = ("content-type", "application/json");
    for headers in [&[][..], &[("content-type", "text/plain")], &[json, ("content-encoding", "gzip")]] {
        let answer = service.send("POST", "/uppercase", headers, br#"{"s":"a"}"#).await;
        assert_eq!((answer.status, answer.problem().1.as_str()), (415, "InvalidArgument"), "{headers:?}");
    }
}

#[tokio::test]
async fn wrong_paths_and_verbs_are_404_and_405() {
    let service = start(&[]).await;
    assert_eq!(service.get("/nowhere").await.problem(), problem(404, "NotFound", "no_route"));
    let answer = service.get("/uppercase").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("OPTIONS, POST")));
    assert_eq!(service.send("OPTIONS", "/count", &[], b"").await.status, 204);
}

#[tokio::test]
async fn an_operator_finds_metrics_and_health() {
    let service = start(&[]).await;
    service.post("/uppercase", r#"{"s":"abc"}"#).await;
    service.post("/uppercase", r#"{"s":""}"#).await;
    service.post("/count", r#"{"s":"abc"}"#).await;
    assert_eq!((service.get("/healthz").await.status, service.get("/readyz").await.status), (200, 200));
    let scrape = service.get("/metrics").await;
    assert_eq!(scrape.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        r#"kit_server_requests_total{service="stringsvc",method="uppercase",outcome="success",code="OK"} 1"#,
        r#"kit_server_requests_total{service="stringsvc",method="uppercase",outcome="business_error",code="InvalidArgument"} 1"#,
        r#"kit_server_request_duration_seconds_count{service="stringsvc",method="count"} 1"#,
        r#"kit_server_requests_in_flight{service="stringsvc",method="count"} 0"#,
        "stringsvc_uppercased_total 3",
        "stringsvc_count_result_sum 3",
    ] {
        assert!(scrape.body.lines().any(|found| found == line), "{line} in\n{}", scrape.body);
    }
}

#[tokio::test]
async fn a_request_id_is_taken_or_made() {
    let service = start(&[]).await;
    let json = ("content-type", "application/json");
    let answer = service.send("POST", "/count", &[json, ("x-request-id", "mine-7")], br#"{"s":"a"}"#).await;
    assert_eq!(answer.header("x-request-id"), Some("mine-7"));
    let answer = service.send("POST", "/count", &[json, ("x-request-id", "not mine")], br#"{"s":""}"#).await;
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
}
