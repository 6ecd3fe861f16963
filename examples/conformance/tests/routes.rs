//! The routes that suites call.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use conformance::routes::routes;
use kit::http::server::{Config, Router, RouterService, json};
use kit::http::{Body, Request};
use kit::server::{Listen, Runtime, Stack};
use kit::{Error, request_with};
use serde_json::{Value, json as value};
use tower::ServiceExt as _;

fn service() -> RouterService {
    let log = kit::log::Logger::discard();
    routes(Stack::new(&log, &kit::metrics::Registry::new()).unwrap()).unwrap()
}

async fn call(verb: &str, path: &str, body: String) -> (u16, String) {
    let request: Request = http::Request::builder()
        .method(verb)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = service().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().bytes(1 << 20).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn echo_answers_what_it_was_sent() {
    for verb in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(call(verb, "/echo", "[1, 2]".into()).await, (200, "[1, 2]".into()), "{verb}");
    }
    assert_eq!(call("GET", "/echo", String::new()).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn slow_takes_the_time_it_was_told() {
    let begun = tokio::time::Instant::now();
    assert_eq!(call("GET", "/slow?ms=1500", String::new()).await, (200, r#"{"ms":1500}"#.into()));
    assert_eq!(begun.elapsed().as_millis(), 1500);
    assert_eq!(call("GET", "/slow?ms=20001", String::new()).await.0, 400);
}

#[tokio::test]
async fn test_makes_the_calls_it_was_given_in_their_order() {
    let (heard, mut calls) = tokio::sync::mpsc::channel::<Value>(8);
    let listen = Listen::bind(Config::default(), "127.0.0.1:0", Runtime::Stealing).await.unwrap();
    let addr = listen.local_addr();
    let callee = move || {
        let hear = request_with(heard.clone(), async |heard, body: Value| {
            heard.send(body).await.map_err(Error::bug)?;
            Ok(value!({}))
        });
        Router::new().post("/here", json(hear)).build()
    };
    let serving = tokio::spawn(listen.serve(callee, || {}, std::future::pending()));
    let calls_to_make = value!([
        { "url": format!("http://{addr}/here"), "arguments": ["a"] },
        { "url": format!("http://{addr}/here"), "arguments": [{ "b": 1 }] },
    ]);
    assert_eq!(call("POST", "/test", calls_to_make.to_string()).await, (200, r#"{"calls":2}"#.into()));
    assert_eq!((calls.recv().await, calls.recv().await), (Some(value!(["a"])), Some(value!([{ "b": 1 }]))));
    serving.abort();

    for bad in [r#"[{"url":"nowhere"}]"#, r#"[{"url":"ftp://a/"}]"#, "{}"] {
        assert_eq!(call("POST", "/test", bad.into()).await.0, 400, "{bad}");
    }
}

/// The specification's own examples, all fifteen, are run in kit-transport: here is that they are reached, and through the stack.
#[tokio::test]
async fn rpc_has_the_methods_of_the_specification_and_no_others() {
    for (body, status, answer) in [
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            200,
            r#"{"jsonrpc":"2.0","result":19,"id":3}"#,
        ),
        (
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
                {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]"#,
            200,
            r#"[{"jsonrpc":"2.0","result":7,"id":"1"},{"jsonrpc":"2.0","result":["hello",5],"id":"9"}]"#,
        ),
        (r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, 204, ""),
        (r#"{"jsonrpc": "2.0", "method": "foobar"}"#, 204, ""),
    ] {
        assert_eq!(call("POST", "/rpc", body.into()).await, (status, answer.into()), "{body}");
    }
    for (body, number) in [
        (r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, -32601),
        (r#"{"jsonrpc": "2.0", "method": "sum", "params": [9223372036854775807, 1], "id": "1"}"#, -32011),
        ("[]", -32600),
    ] {
        let answer: Value = serde_json::from_str(&call("POST", "/rpc", body.into()).await.1).unwrap();
        assert_eq!(answer["error"]["code"], number, "{body}");
    }
}
