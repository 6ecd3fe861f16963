//! The examples of the specification, section 7, in its own words.

use serde_json::Value;

use crate::support::{ask, calculator, service};

const NOTHING: &str = "";

const EXAMPLES: [(&str, &str, &str); 15] = [
    (
        "rpc call with positional parameters",
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 1}"#,
    ),
    (
        "rpc call with positional parameters, the other way round",
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
        r#"{"jsonrpc": "2.0", "result": -19, "id": 2}"#,
    ),
    (
        "rpc call with named parameters",
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 3}"#,
    ),
    (
        "rpc call with named parameters, in another order",
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 4}"#,
    ),
    ("a Notification", r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, NOTHING),
    ("a Notification of nothing known", r#"{"jsonrpc": "2.0", "method": "foobar"}"#, NOTHING),
    (
        "rpc call of non-existent method",
        r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#,
    ),
    (
        "rpc call with invalid JSON",
        r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#,
    ),
    (
        "rpc call with invalid Request object",
        r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#,
    ),
    (
        "rpc call Batch, invalid JSON",
        r#"[
          {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
          {"jsonrpc": "2.0", "method"
        ]"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#,
    ),
    (
        "rpc call with an empty Array",
        "[]",
        r#"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#,
    ),
    (
        "rpc call with an invalid Batch (but not empty)",
        "[1]",
        r#"[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]"#,
    ),
    (
        "rpc call with invalid Batch",
        "[1,2,3]",
        r#"[
          {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
          {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
          {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
        ]"#,
    ),
    (
        "rpc call Batch",
        r#"[
          {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
          {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
          {"foo": "boo"},
          {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
          {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
        ]"#,
        r#"[
          {"jsonrpc": "2.0", "result": 7, "id": "1"},
          {"jsonrpc": "2.0", "result": 19, "id": "2"},
          {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
          {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
          {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
        ]"#,
    ),
    (
        "rpc call Batch (all notifications)",
        r#"[
          {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
        ]"#,
        NOTHING,
    ),
];

/// An answer without the `data` of its errors, which is ours; it must be there.
fn without_data(mut answer: Value) -> Value {
    let all = match &mut answer {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    };
    for error in all.into_iter().filter_map(|one| one.get_mut("error")) {
        let data = error.as_object_mut().unwrap().remove("data").expect("data");
        assert_eq!(data["id"].as_str().map(str::len), Some(16));
        assert!(data["code"].is_string() && data["reason"].is_string() && data["detail"].is_string());
    }
    answer
}

#[tokio::test]
async fn every_example_of_the_specification_is_answered_as_it_says() {
    let service = service(calculator().build().unwrap());
    for (name, request, expected) in EXAMPLES {
        let answer = ask(&service, request).await;
        if expected == NOTHING {
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""), "{name}");
            assert!(!answer.headers.contains_key("content-type"), "{name}");
            continue;
        }
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(without_data(answer.json()), expected, "{name}");
    }
}
