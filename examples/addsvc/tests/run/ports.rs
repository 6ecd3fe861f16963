use crate::support::listening;

const SUM: &str = r#"{"a":1,"b":2}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#;

#[tokio::test]
async fn by_default_one_port_answers_everything() {
    let (mut service, ports) = listening(&["--addr=127.0.0.1:0"]).await;
    assert_eq!(ports.iter().map(|(wires, _)| wires.as_str()).collect::<Vec<_>>(), ["http+jsonrpc+grpc+operator"]);
    service.addr = ports[0].1.clone();
    assert_eq!((service.post("/sum", SUM).await.status, service.post("/rpc", CALL).await.status), (200, 200));
    assert_eq!(service.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_wire_with_a_port_of_its_own_answers_there_alone() {
    let own = [
        "--http-addr=127.0.0.1:0",
        "--jsonrpc-addr=127.0.0.1:0",
        "--grpc-addr=127.0.0.1:0",
        "--debug-addr=127.0.0.1:0",
    ];
    let (mut service, ports) = listening(&own).await;
    let expected =
        [("http", 200, 404, 404), ("jsonrpc", 404, 200, 404), ("grpc", 404, 404, 404), ("operator", 404, 404, 200)];
    assert_eq!(ports.len(), expected.len());
    for ((wires, addr), (name, sum, rpc, metrics)) in ports.into_iter().zip(expected) {
        service.addr = addr;
        let answered = (
            service.post("/sum", SUM).await.status,
            service.post("/rpc", CALL).await.status,
            service.get("/metrics").await.status,
        );
        assert_eq!((wires.as_str(), answered), (name, (sum, rpc, metrics)));
    }
    // The last is the operator's: what all of them took, and this connection.
    let scrape = service.get("/metrics").await.body;
    assert!(scrape.lines().any(|line| line == "http_server_accepted_total 13"), "{scrape}");
    let ended = service.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("msg=drained aborted=0").count(), 4, "{}", ended.stderr);
}
