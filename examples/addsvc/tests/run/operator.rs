use crate::support::start;

#[tokio::test]
async fn an_operator_finds_metrics_of_every_wire_under_one_name_and_health() {
    let service = start(&[]).await;
    service.post("/sum", r#"{"a":1,"b":2}"#).await;
    service.post("/sum", r#"{"a":0,"b":0}"#).await;
    service.post("/rpc", r#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#).await;
    service.post("/concat", r#"{"a":"grö","b":"ße"}"#).await;
    service.post("/series", r#"{"a":1,"b":1,"count":3}"#).await;
    assert_eq!((service.get("/healthz").await.status, service.get("/readyz").await.status), (200, 200));
    let scrape = service.get("/metrics").await;
    assert_eq!(scrape.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        r#"kit_server_requests_total{service="pb.Add",method="Sum",outcome="success",code="OK"} 2"#,
        r#"kit_server_requests_total{service="pb.Add",method="Sum",outcome="business_error",code="InvalidArgument"} 1"#,
        r#"kit_server_requests_total{service="pb.Add",method="Series",outcome="success",code="OK"} 1"#,
        r#"kit_server_requests_in_flight{service="pb.Add",method="Concat"} 0"#,
        // Two of each sum: of two calls, and of three in the series.
        "addsvc_integers_summed_total 10",
        "addsvc_characters_concatenated_total 5",
    ] {
        assert!(scrape.body.lines().any(|found| found == line), "{line} in\n{}", scrape.body);
    }
}

#[tokio::test]
async fn one_call_is_one_line_under_the_ids_that_its_caller_got() {
    let service = start(&["--log-format", "json"]).await;
    let answer = service.post("/sum", r#"{"a":0,"b":0}"#).await;
    let (id, request) = (answer.json()["id"].clone(), answer.header("x-request-id").expect("an id").to_owned());
    let logged = service.stop().await.stderr;
    let lines: Vec<serde_json::Value> = logged.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of_request: Vec<_> = lines.iter().filter(|line| line["request_id"] == request).collect();
    assert_eq!(of_request.len(), 1, "{logged}");
    let line = of_request[0];
    assert_eq!((&line["error_id"], &line["code"]), (&id, &"InvalidArgument".into()));
    assert_eq!((&line["method"], &line["outcome"]), (&"pb.Add.Sum".into(), &"business_error".into()));
}
