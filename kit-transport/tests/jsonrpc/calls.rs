//! One call at a time: what HTTP refuses, what the context carries, what goes wrong.

use std::time::Duration;

use http::HeaderValue;
use kit_core::error::BUG_LINE;
use kit_core::{Code, Error, Method, Retry, endpoint_fn, request_fn};
use kit_transport::http::server::Router;
use kit_transport::http::server::extract::BodyLimit;
use kit_transport::jsonrpc::number_of;
use kit_transport::jsonrpc::server::{Config, MethodError, Methods};
use serde_json::json;

use crate::support::{FAIL, SUM, ask, calculator, post, send, service};

const SUM_CALL: &str = r#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#;

#[tokio::test]
async fn what_is_about_http_leaves_as_http() {
    let service = service(calculator().build().unwrap());
    let mut get = post("");
    *get.method_mut() = http::Method::GET;
    let answer = send(&service, get).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "OPTIONS, POST"));
    for kind in ["text/plain", "application/xml", "application/json; charset=latin1"] {
        let mut request = post(SUM_CALL);
        request.headers_mut().insert("content-type", HeaderValue::from_static(kind));
        let answer = send(&service, request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (415, "application/problem+json"),
            "{kind}"
        );
    }
    let mut request = post(SUM_CALL);
    request.headers_mut().remove("content-type");
    let answer = send(&service, request).await;
    assert_eq!((answer.status.as_u16(), answer.header("accept")), (415, "application/json"));
    for kind in
        ["application/json; charset=utf-8", "application/json-rpc", "Application/JSONRequest", "application/x+json"]
    {
        let mut request = post(SUM_CALL);
        request.headers_mut().insert("content-type", HeaderValue::from_static(kind));
        assert_eq!(send(&service, request).await.json()["result"], 3, "{kind}");
    }
    let small = service.with_body_limit(BodyLimit(SUM_CALL.len() - 1));
    assert_eq!(ask(&small, SUM_CALL).await.status, 413);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_invalid_params() {
    let service = service(calculator().build().unwrap());
    for params in ["[42]", "[1,2,3]", r#"{"minuend":42}"#, r#"{"minuend":42,"subtrahend":"x"}"#, "[]", "{}"] {
        let answer =
            ask(&service, format!(r#"{{"jsonrpc":"2.0","method":"subtract","params":{params},"id":1}}"#)).await;
        assert_eq!(
            (answer.number(), &answer.json()["error"]["data"]["reason"]),
            (-32602, &json!("json_mismatch")),
            "{params}"
        );
    }
    assert_eq!(ask(&service, r#"{"jsonrpc":"2.0","method":"subtract","id":1}"#).await.number(), -32602);
}

#[tokio::test]
async fn a_body_that_is_nested_too_deeply_is_a_parse_error() {
    let service = service(calculator().build().unwrap());
    for depth in [200, 100_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let answer = ask(&service, format!(r#"{{"jsonrpc":"2.0","method":"sum","x":{deep},"id":1}}"#)).await;
        assert_eq!((answer.number(), &answer.json()["error"]["data"]["reason"]), (-32700, &json!("json_too_deep")));
    }
}

#[tokio::test]
async fn an_error_has_the_number_of_its_code_and_the_rest_as_data() {
    let fail = request_fn(async |(code,): (u8,)| {
        let code = Code::from_number(code).unwrap_or(Code::Unknown);
        Err::<(), _>(Error::new(code, "a line").with_reason("why").with_retry(Retry::After(Duration::from_millis(250))))
    });
    let service = service(Methods::new().method(&FAIL, fail).build().unwrap());
    for code in Code::ALL {
        let answer =
            ask(&service, format!(r#"{{"jsonrpc":"2.0","method":"fail","params":[{}],"id":7}}"#, code.number())).await;
        let json = answer.json();
        let error = &json["error"];
        assert_eq!((&error["code"], &error["message"]), (&json!(number_of(code)), &json!("a line")));
        let data = &error["data"];
        assert_eq!((&data["code"], &data["reason"]), (&json!(code.as_str()), &json!("why")));
        assert_eq!((&data["retry_pushback_ms"], &data["detail"]), (&json!(250), &json!(null)));
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_an_id_and_nothing_else() {
    let service = service(Methods::new().method(&FAIL, request_fn(async |(n,): (u32,)| Ok(10 / n))).build().unwrap());
    let answer = ask(&service, r#"{"jsonrpc":"2.0","method":"fail","params":[0],"id":7}"#).await;
    let json = answer.json();
    assert_eq!((&json["error"]["code"], &json["error"]["message"]), (&json!(-32603), &json!(BUG_LINE)));
    assert_eq!(json["error"]["data"]["id"].as_str().map(str::len), Some(16));
    assert!(!answer.body.contains("zero"), "{}", answer.body);
    assert_eq!(ask(&service, r#"{"jsonrpc":"2.0","method":"fail","params":[5],"id":7}"#).await.json()["result"], 2);
}

#[tokio::test]
async fn a_failing_notification_gets_no_answer_either() {
    let service = service(Methods::new().method(&FAIL, request_fn(async |(n,): (u32,)| Ok(10 / n))).build().unwrap());
    for params in ["[0]", "[]", "[5]"] {
        let answer = ask(&service, format!(r#"{{"jsonrpc":"2.0","method":"fail","params":{params}}}"#)).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""), "{params}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_the_deadline_and_the_metadata_of_its_exchange_and_answers_with_its_own() {
    static SHOW: Method = Method::new("calculator", "show");
    let show = endpoint_fn(async |cx, (): ()| {
        cx.outbound_mut().insert("version", "7")?;
        let tenant = cx.inbound().get("tenant").map(str::to_owned);
        Ok((cx.method().map(Method::name), tenant, cx.remaining().map(|left| left.as_millis())))
    });
    let rpc = Methods::new().named("calc.show", &SHOW, show).build().unwrap();
    let service = Router::with(kit_core::request_id::RequestIdLayer::default()).post("/rpc", rpc).build().unwrap();
    let mut request = post(r#"{"jsonrpc":"2.0","method":"calc.show","id":1}"#);
    for (name, value) in [("tenant", "acme"), ("grpc-timeout", "1500m"), ("x-request-id", "abc")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let answer = send(&service, request).await;
    assert_eq!(answer.json()["result"], json!(["show", "acme", 1500]));
    assert_eq!((answer.header("version"), answer.header("x-request-id")), ("7", "abc"));
}

#[tokio::test]
async fn what_cannot_be_built_is_refused() {
    let nothing = || request_fn(async |(): ()| Ok(()));
    for name in ["rpc.discover", "rpc."] {
        let error = Methods::new().named(name, &SUM, nothing()).build().unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(error.cause(), Some(&MethodError::Reserved { name: name.into() }));
    }
    for fine in ["rpc", "rpcs.sum", "Rpc.x", "", "a b"] {
        Methods::new().named(fine, &SUM, nothing()).build().unwrap();
    }
    let twice = Methods::new().method(&SUM, nothing()).named("sum", &FAIL, nothing()).build().unwrap_err();
    assert_eq!(twice.cause(), Some(&MethodError::Twice { name: "sum".into() }));
    let error = Methods::new().config(Config { max_batch: 0, ..Config::default() }).build().unwrap_err();
    assert_eq!(error.reason(), Some("bad_config"));
}
