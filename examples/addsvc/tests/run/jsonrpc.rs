use program::Program;
use serde_json::{Value, json};

use crate::support::start;

async fn call(service: &Program, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 7});
    let answer = service.post("/rpc", &body.to_string()).await;
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(7)), "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn the_operations_answer_by_name_and_by_position() {
    let service = start(&[]).await;
    assert_eq!(call(&service, "sum", json!({"a":1,"b":2})).await["result"], json!({"v":3}));
    assert_eq!(call(&service, "sum", json!([1, 2])).await["result"], json!({"v":3}));
    assert_eq!(call(&service, "concat", json!({"A":"1","B":"2"})).await["result"], json!({"v":"12"}));
}

#[tokio::test]
async fn every_rule_that_is_broken_has_its_number_and_its_reason() {
    let service = start(&[]).await;
    for (method, params, number, code, reason, text) in [
        ("sum", json!([0, 0]), -32602, "InvalidArgument", "two_zeroes", "can't sum two zeroes"),
        ("sum", json!([2147483647, 1]), -32011, "OutOfRange", "int_overflow", "integer overflow"),
        (
            "concat",
            json!(["123456", "78901"]),
            -32602,
            "InvalidArgument",
            "max_size_exceeded",
            "result exceeds maximum size",
        ),
    ] {
        let error = &call(&service, method, params).await["error"];
        assert_eq!((&error["code"], &error["message"]), (&json!(number), &json!(text)));
        assert_eq!((&error["data"]["code"], &error["data"]["reason"]), (&json!(code), &json!(reason)));
    }
    let error = &call(&service, "series", json!([1, 1])).await["error"];
    assert_eq!(error["code"], -32601, "it has no streams");
    let error = &call(&service, "sum", json!(["one", 2])).await["error"];
    assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(-32602), &json!("json_mismatch")));
}

#[tokio::test]
async fn each_call_of_a_batch_is_counted_and_logged_and_a_notification_is_not_answered() {
    let service = start(&[]).await;
    let batch = json!([
        {"jsonrpc":"2.0","method":"sum","params":[1,2],"id":"a"},
        {"jsonrpc":"2.0","method":"sum","params":[0,0],"id":"b"},
        {"jsonrpc":"2.0","method":"concat","params":["1","2"]},
    ]);
    let answer = service.post("/rpc", &batch.to_string()).await.json();
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
    assert_eq!((&answer[0]["result"]["v"], &answer[1]["error"]["data"]["reason"]), (&json!(3), &json!("two_zeroes")));
    let logged = service.stop().await.stderr;
    let lines = |method: &str| logged.lines().filter(|line| line.contains(&format!("method=pb.Add.{method} "))).count();
    assert_eq!((lines("Sum"), lines("Concat"), lines("rpc")), (2, 1, 0), "{logged}");
}
