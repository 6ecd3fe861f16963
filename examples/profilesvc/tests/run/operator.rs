use crate::support::start;

#[tokio::test]
async fn an_operator_finds_metrics_and_health() {
    let service = start(&[]).await;
    service.post("/profiles/", r#"{"id":"7"}"#).await;
    service.post("/profiles/", r#"{"id":"7"}"#).await;
    service.put("/profiles/8", r#"{"id":"8"}"#).await;
    service.delete("/profiles/8").await;
    service.get("/profiles/8").await;
    assert_eq!((service.get("/healthz").await.status, service.get("/readyz").await.status), (200, 200));
    let scrape = service.get("/metrics").await;
    for line in [
        r#"kit_server_requests_total{service="profilesvc",method="post_profile",outcome="success",code="OK"} 1"#,
        r#"kit_server_requests_total{service="profilesvc",method="post_profile",outcome="business_error",code="AlreadyExists"} 1"#,
        r#"kit_server_requests_total{service="profilesvc",method="put_profile",outcome="success",code="OK"} 1"#,
        r#"kit_server_requests_total{service="profilesvc",method="get_profile",outcome="business_error",code="NotFound"} 1"#,
        r#"kit_server_requests_in_flight{service="profilesvc",method="delete_profile"} 0"#,
        "profilesvc_profiles 1",
    ] {
        assert!(scrape.body.lines().any(|found| found == line), "{line} in\n{}", scrape.body);
    }
}

#[tokio::test]
async fn one_call_is_one_line_and_an_error_is_logged_under_the_id_that_its_caller_got() {
    let service = start(&["--log-format", "json"]).await;
    let answer = service.get("/profiles/7").await;
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let ended = service.stop().await;
    let lines = ended.stderr.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let lines = lines.filter(|line| line["error_id"] == id.as_str()).collect::<Vec<_>>();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    assert_eq!(
        (&lines[0]["method"], &lines[0]["outcome"]),
        (&"profilesvc.get_profile".into(), &"business_error".into())
    );
}
