use serde_json::json;

use crate::support::start;

fn problem(status: u16, code: &str, reason: &str) -> (u16, String, String) {
    (status, code.into(), reason.into())
}

#[tokio::test]
async fn the_operations_answer() {
    let service = start(&[]).await;
    let answer = service.post("/sum", r#"{"a":1,"b":2}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":3}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    let answer = service.post("/concat", r#"{"a":"1","b":"2"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":"12"}"#));
    let answer = service.post("/series", r#"{"a":1,"b":1,"count":4}"#).await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.lines(), [json!({"v":2}), json!({"v":3}), json!({"v":5}), json!({"v":8})]);
}

#[tokio::test]
async fn every_rule_that_is_broken_has_its_reason() {
    let service = start(&[]).await;
    for (path, body, code, reason, text) in [
        ("/sum", r#"{"a":0,"b":0}"#, "InvalidArgument", "two_zeroes", "can't sum two zeroes"),
        ("/sum", r#"{"a":2147483647,"b":1}"#, "OutOfRange", "int_overflow", "integer overflow"),
        ("/sum", r#"{"a":-2147483648,"b":-1}"#, "OutOfRange", "int_overflow", "integer overflow"),
        (
            "/concat",
            r#"{"a":"123456","b":"78901"}"#,
            "InvalidArgument",
            "max_size_exceeded",
            "result exceeds maximum size",
        ),
        ("/series", r#"{"a":0,"b":0}"#, "InvalidArgument", "two_zeroes", "can't sum two zeroes"),
        ("/series", r#"{"a":2147483647,"b":1}"#, "OutOfRange", "int_overflow", "integer overflow"),
    ] {
        let answer = service.post(path, body).await;
        assert_eq!(answer.problem(), problem(400, code, reason), "{path} {body}");
        assert_eq!(answer.json()["detail"], text, "{path} {body}");
    }
}

#[tokio::test]
async fn a_series_that_fails_on_its_way_says_what_it_had_and_breaks_off() {
    let service = start(&[]).await;
    let answer = service.post("/series", r#"{"a":1073741823,"b":1}"#).await;
    assert_eq!((answer.status, answer.lines()), (200, vec![json!({"v":1073741824}), json!({"v":1073741825})]));
    assert!(!answer.is_whole(), "{}", answer.body);
    assert!(service.post("/series", r#"{"a":1,"b":1,"count":1}"#).await.is_whole());
    let logged = service.stop().await.stderr;
    let line = logged.lines().find(|line| line.contains("code=OutOfRange")).unwrap_or_else(|| panic!("{logged}"));
    assert!(line.contains("method=pb.Add.Series") && line.contains("outcome=business_error"), "{line}");
}

#[tokio::test]
async fn bad_input_is_refused_with_a_problem() {
    let service = start(&[]).await;
    for (path, body, reason) in [
        ("/sum", "", "json_malformed"),
        ("/sum", "{", "json_malformed"),
        ("/sum", r#"{"a":1}"#, "json_mismatch"),
        ("/sum", r#"{"a":"1","b":2}"#, "json_mismatch"),
        ("/sum", r#"{"a":1.5,"b":2}"#, "json_mismatch"),
        ("/sum", r#"{"a":9223372036854775808,"b":2}"#, "json_mismatch"),
        ("/sum", r#"{"a":1,"A":1,"b":2}"#, "json_mismatch"),
        ("/concat", r#"{"a":1,"b":2}"#, "json_mismatch"),
        ("/series", r#"{"a":1,"b":2,"count":-1}"#, "json_mismatch"),
        ("/concat", &"[".repeat(100_000), "json_too_deep"),
    ] {
        let answer = service.post(path, body).await;
        assert_eq!(answer.problem(), problem(400, "InvalidArgument", reason), "{path} {body:.60}");
    }
    let large = format!(r#"{{"a":"{}","b":""}}"#, "x".repeat(2 * 1024 * 1024));
    assert_eq!(service.post("/concat", &large).await.problem(), problem(413, "ResourceExhausted", "body_too_large"));
}

#[tokio::test]
async fn wrong_paths_verbs_and_types_are_404_405_and_415() {
    let service = start(&[]).await;
    assert_eq!(service.get("/nowhere").await.problem(), problem(404, "NotFound", "no_route"));
    let answer = service.get("/sum").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("OPTIONS, POST")));
    let json = ("content-type", "application/json");
    for headers in [&[("content-type", "text/plain")][..], &[json, ("content-encoding", "gzip")]] {
        let answer = service.send("POST", "/sum", headers, br#"{"a":1,"b":2}"#).await;
        assert_eq!((answer.status, answer.problem().1.as_str()), (415, "InvalidArgument"), "{headers:?}");
    }
}
