//! What Go kit's clients send, and what they look for in an answer (`addsvc/pkg/addtransport`).

use serde_json::json;

use crate::support::start;

#[tokio::test]
async fn its_http_client_sends_capitals_and_no_type() {
    let service = start(&[]).await;
    let answer = service.send("POST", "/sum", &[], b"{\"A\":1,\"B\":2}\n").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"v":3})));
    let answer = service.send("POST", "/concat", &[], b"{\"A\":\"1\",\"B\":\"2\"}\n").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"v":"12"})));
}

#[tokio::test]
async fn its_http_client_finds_the_text_of_an_error_under_error() {
    let service = start(&[]).await;
    for (path, body, text) in [
        ("/sum", r#"{"A":0,"B":0}"#, "can't sum two zeroes"),
        ("/sum", r#"{"A":2147483647,"B":2147483647}"#, "integer overflow"),
        ("/concat", r#"{"A":"123456","B":"78901"}"#, "result exceeds maximum size"),
    ] {
        let answer = service.send("POST", path, &[], body.as_bytes()).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(text)));
    }
    // Also of what is no business error, and what is to be escaped.
    let answer = service.send("POST", "/sum", &[], br#"{"A":"\"","B":2}"#).await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &answer.json()["detail"]));
}

#[tokio::test]
async fn its_jsonrpc_client_calls_the_root_with_ids_from_zero_and_an_empty_version() {
    let service = start(&[]).await;
    let json = [("content-type", "application/json; charset=utf-8")];
    let call = br#"{"jsonrpc":"","method":"sum","params":{"A":1,"B":2},"id":0}"#;
    let answer = service.send("POST", "/", &json, call).await;
    assert_eq!(answer.json(), json!({"jsonrpc":"2.0","result":{"v":3},"id":0}));
}
