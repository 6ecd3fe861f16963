//! What servers of another make, and worse, answer.

use std::time::Duration;

use http::HeaderValue;
use kit_core::{Code, Context, Endpoint as _, Error, Outcome, Retry};
use kit_transport::http::client::UnexpectedAnswer;
use kit_transport::http::problem::{self, Rejection};
use kit_transport::http::{Body, BodyTooLarge, Request, Response};
use kit_transport::jsonrpc::RemoteError;
use kit_transport::jsonrpc::client::{Client, MalformedAnswer};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::support::{Canned, SUM};

async fn call(canned: &Canned) -> Result<i64, Error> {
    canned.client().endpoint::<(), i64>(&SUM).call(&mut Context::new(), ()).await
}

#[tokio::test]
async fn an_answer_to_the_call_is_taken_however_it_is_written() {
    for body in [
        r#"{"jsonrpc":"2.0","result":7,"id":1}"#,
        r#" {"id" : 1.0, "x": [], "result" : 7 , "jsonrpc" : "2\u002e0"} "#,
        r#"{"jsonrpc":"2.0","result":7,"id":1e0}"#,
    ] {
        assert_eq!(call(&Canned::json(body)).await.unwrap(), 7, "{body}");
    }
}

#[tokio::test]
async fn an_answer_may_have_one_of_the_names_of_its_own() {
    for kind in ["application/json-rpc", "application/jsonrequest; charset=utf-8"] {
        let canned = Canned::new(200, kind, r#"{"jsonrpc":"2.0","result":7,"id":1}"#);
        assert_eq!(call(&canned).await.unwrap(), 7, "{kind}");
    }
}

#[tokio::test]
async fn what_is_no_answer_to_the_call_is_malformed() {
    for body in [
        "",
        "{",
        "7",
        "null",
        "[]",
        r#"[{"jsonrpc":"2.0","result":7,"id":1}]"#,
        r#"{"result":7,"id":1}"#,
        r#"{"jsonrpc":"1.0","result":7,"id":1}"#,
        r#"{"jsonrpc":"2.0","result":7}"#,
        r#"{"jsonrpc":"2.0","result":7,"id":2}"#,
        r#"{"jsonrpc":"2.0","result":7,"id":"1"}"#,
        r#"{"jsonrpc":"2.0","result":7,"id":null}"#,
        r#"{"jsonrpc":"2.0","result":7,"id":[1]}"#,
        r#"{"jsonrpc":"2.0","result":7,"result":7,"id":1}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","result":7,"error":null,"id":1}"#,
        r#"{"jsonrpc":"2.0","result":7,"error":{"code":1,"message":"m"},"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"},"id":2}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1},"id":1}"#,
        r#"{"jsonrpc":"2.0","error":"no","id":1}"#,
        r#"{"jsonrpc":"2.0","error":null,"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":99999999999999999999,"message":"m"},"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1.5,"message":"m"},"id":1}"#,
        r#"{"jsonrpc":"2.0","result":"seven","id":1}"#,
    ] {
        let error = call(&Canned::json(body)).await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Internal, Some("malformed_answer")), "{body}");
        assert_eq!((error.outcome(), error.retry()), (Outcome::BackendError, Retry::MayHaveRun), "{body}");
    }
    let error = call(&Canned::json(r#"{"jsonrpc":"2.0","result":7,"id":2}"#)).await.unwrap_err();
    assert_eq!(error.cause::<MalformedAnswer>().unwrap().to_string(), "its id is not the call's");
}

#[tokio::test]
async fn an_error_of_another_make_has_the_code_of_its_number() {
    let own = r#"{"jsonrpc":"2.0","error":{"code":1001,"message":"no funds","data":{"missing":5}},"id":1}"#;
    let error = call(&Canned::json(own)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, "no funds"));
    assert_eq!(error.outcome(), Outcome::BusinessError, "it works, and says no");
    let remote = error.cause::<RemoteError>().unwrap();
    assert_eq!((remote.number(), remote.message(), remote.data()), (1001, "no funds", Some(r#"{"missing":5}"#)));
    // It could not read the id of what it refuses.
    let unread = r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#;
    assert_eq!(call(&Canned::json(unread)).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_status_of_failure_speaks_unless_the_body_says_more() {
    let object = r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":1}"#;
    assert_eq!(call(&Canned::new(500, "application/json", object)).await.unwrap_err().code(), Code::Unimplemented);
    for (status, kind, body, code) in [
        (503, "text/html", "<h1>busy</h1>", Code::Unavailable),
        (404, "application/json", r#"{"error":"no"}"#, Code::NotFound),
        (404, "application/json", "", Code::NotFound),
        (401, "application/problem+json", r#"{"detail":"who?"}"#, Code::Unauthenticated),
        (500, "application/json", r#"{"jsonrpc":"2.0","result":7,"id":1}"#, Code::Internal),
        (302, "text/plain", "", Code::Unknown),
    ] {
        let error = call(&Canned::new(status, kind, body)).await.unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        let notified =
            Canned::new(status, kind, body).client().notification::<()>(&SUM).call(&mut Context::new(), ()).await;
        assert_eq!(notified.unwrap_err().code(), code, "{status} {body}");
    }
    assert_eq!(
        call(&Canned::new(401, "application/problem+json", r#"{"detail":"who?"}"#)).await.unwrap_err().message(),
        "who?"
    );
}

#[tokio::test]
async fn an_answer_of_another_kind_is_no_415_of_ours() {
    let error = call(&Canned::new(200, "text/html", "<h1>hello</h1>")).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::Internal, Some("unexpected_content_type")));
    assert_eq!(error.cause(), Some(&UnexpectedAnswer::ContentType("text/html".into())));
    assert!(error.cause::<Rejection>().is_none());
    assert_eq!(problem::status(&error), 500);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_no_413_of_ours() {
    let body = r#"{"jsonrpc":"2.0","result":7,"id":1}"#;
    let rpc = Canned::json(body).client();
    let exact = rpc.clone().max_answer_bytes(body.len());
    assert_eq!(exact.endpoint::<(), i64>(&SUM).call(&mut Context::new(), ()).await.unwrap(), 7);
    let small = rpc.max_answer_bytes(body.len() - 1);
    let error = small.endpoint::<(), i64>(&SUM).call(&mut Context::new(), ()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::ResourceExhausted, Some("answer_too_large")));
    assert_eq!(error.retry(), Retry::Never);
    assert!(error.cause::<BodyTooLarge>().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_given_up_at_the_deadline() {
    let endless = kit_core::request_fn(async |_: Request| {
        let mut response = Response::new(Body::stream(futures_util::stream::pending()));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        Ok(response)
    });
    let rpc = Client::new(endless, "/rpc").unwrap();
    let mut cx = Context::new();
    let deadline = cx.now() + Duration::from_secs(2);
    cx = cx.with_deadline(Some(deadline));
    let error = rpc.endpoint::<(), i64>(&SUM).call(&mut cx, ()).await.unwrap_err();
    assert_eq!((error.code(), Instant::now()), (Code::DeadlineExceeded, deadline));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn any_text_is_an_answer_or_an_error(body in "\\PC{0,100}|\\{(\"(jsonrpc|result|error|id)\":(\"2\\.0\"|7|1|null|\\{\"code\":1,\"message\":\"m\"\\}),?){0,5}\\}") {
        if let Err(error) = block_on(call(&Canned::json(body))) {
            prop_assert!(matches!(error.code(), Code::Internal | Code::FailedPrecondition));
        }
    }
}
