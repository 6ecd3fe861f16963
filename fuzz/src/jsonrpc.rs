//! JSON-RPC, both sides.

use kit::http::server::{Router, RouterService};
use kit::http::{Body, Request, Response};
use kit::jsonrpc::client::Client;
use kit::jsonrpc::server::Methods;
use kit::{Context, Endpoint as _, Method, endpoint_with, request_fn};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower_service::Service as _;

use crate::Target;
use crate::run::{block_on, may_be_shown};

pub(crate) const SERVER: Target = Target {
    name: "jsonrpc-server",
    run: |bytes| {
        thread_local!(static SERVICE: RouterService = service());
        let request = http::Request::post("/rpc").header(CONTENT_TYPE, "application/json");
        let request = request.body(Body::full(bytes.to_vec())).expect("a good request");
        let mut service = SERVICE.with(Clone::clone);
        let body = block_on(async {
            let Ok(response) = service.call(request).await;
            assert!(response.status().is_success(), "{}", response.status());
            response.into_body().collect().await.expect("the body is here").to_bytes()
        });
        if body.is_empty() {
            return;
        }
        match serde_json::from_slice(&body).expect("an answer is JSON") {
            Value::Array(all) => {
                assert!(!all.is_empty(), "a batch of answers has one");
                all.iter().for_each(is_answer);
            }
            one => is_answer(&one),
        }
    },
    seeds: &[
        br#"{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}"#,
        br#"{"jsonrpc":"2.0","method":"subtract","params":{"a":42,"b":23},"id":"x\u0000"}"#,
        br#"[{"jsonrpc":"2.0","method":"none","id":1.5e3},{"jsonrpc":"2.0","method":"subtract","params":[1,2]},1,[]]"#,
        br#"{"jsonrpc":"2.0","method":"rpc.x","params":null,"id":null,"id":2}"#,
    ],
    connects: false,
};

pub(crate) const CLIENT: Target = Target {
    name: "jsonrpc-client",
    run: |bytes| {
        let answer = Bytes::copy_from_slice(bytes);
        let server = endpoint_with(answer, async |answer, _cx, _request: Request| Ok(respond(answer.clone())));
        let client = Client::new(server, "/rpc").expect("a good path");
        block_on(async {
            let subtract = client.endpoint::<(i64, i64), i64>(&SUBTRACT);
            if let Err(error) = subtract.call(&mut Context::new(), (42, 23)).await {
                may_be_shown(&error);
            }
        });
    },
    seeds: &[
        br#"{"jsonrpc":"2.0","result":19,"id":1}"#,
        br#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found","data":{"code":"NotFound","id":"5a5f2c01b7d3c9e4","reason":"x","retry_pushback_ms":-1}},"id":1}"#,
        br#"{"jsonrpc":"2.0","result":null,"error":{"code":1,"message":"\u001b[31m\n"},"id":null}"#,
    ],
    connects: false,
};

static SUBTRACT: Method = Method::new("calculator", "subtract").idempotent();

#[derive(serde::Deserialize)]
struct Pair {
    a: i64,
    b: i64,
}

fn service() -> RouterService {
    let subtract = request_fn(async |pair: Pair| Ok(pair.a.wrapping_sub(pair.b)));
    let rpc = Methods::new().method(&SUBTRACT, subtract).build().expect("good methods");
    Router::new().post("/rpc", rpc).build().expect("a good route")
}

fn respond(body: Bytes) -> Response {
    http::Response::builder().header(CONTENT_TYPE, "application/json").body(Body::full(body)).expect("a good response")
}

/// A version, an id, and either a result or an error.
fn is_answer(answer: &Value) {
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    let members = answer.as_object().expect("an answer is an object");
    assert!(members.contains_key("id"), "{answer}");
    assert!(members.contains_key("result") != members.contains_key("error"), "{answer}");
}
