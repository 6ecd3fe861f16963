use crate::support::{command, start, started};

const SUM: &str = r#"{"a":1,"b":2}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#;

#[tokio::test]
async fn by_default_one_port_answers_everything() {
    let service = start(&[]).await;
    assert_eq!(service.ports.len(), 1);
    assert_eq!(service.ports[0].0, "http+jsonrpc+operator");
    assert_eq!((service.post("/sum", SUM).await.status, service.post("/rpc", CALL).await.status), (200, 200));
    assert_eq!(service.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_wire_with_a_port_of_its_own_answers_there_alone() {
    let own = ["--http-addr=127.0.0.1:0", "--jsonrpc-addr=127.0.0.1:0", "--debug-addr=127.0.0.1:0"];
    let mut service = started(command(&own)).await;
    let mut names: Vec<_> = service.ports.iter().map(|(names, _)| names.clone()).collect();
    names.sort();
    assert_eq!(names, ["http", "jsonrpc", "operator"]);
    for (wires, sum, rpc, metrics) in [("http", 200, 404, 404), ("jsonrpc", 404, 200, 404), ("operator", 404, 404, 200)]
    {
        service.at(wires);
        let answered = (
            service.post("/sum", SUM).await.status,
            service.post("/rpc", CALL).await.status,
            service.get("/metrics").await.status,
        );
        assert_eq!(answered, (sum, rpc, metrics), "{wires}");
    }
    let ended = service.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("msg=drained aborted=0").count(), 3, "{}", ended.stderr);
}
