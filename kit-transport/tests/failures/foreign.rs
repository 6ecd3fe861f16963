//! What another program writes where a failure of ours would be.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use kit_core::failure::Details;
use kit_core::{Code, Error};
use kit_macros::Failure;
use kit_transport::http::problem;
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "kit_core")]
enum ShopError {
    #[failure(code = "NotFound", message = "no item {id}")]
    NoItem { id: u32 },
}

fn read(problem: &[u8]) -> Error {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(problem::CONTENT));
    problem::error(StatusCode::CONFLICT, &headers, &Bytes::copy_from_slice(problem)).recognize::<ShopError>()
}

fn with(failure: Value) -> Error {
    let problem = json!({ "detail": "no", "code": "NotFound", "reason": "why", "failure": failure });
    read(&serde_json::to_vec(&problem).unwrap())
}

#[test]
fn what_stands_in_a_problem_is_what_the_page_says() {
    let response = problem::response(&ShopError::NoItem { id: 7 }.into());
    let body = response.into_body();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body: Value = serde_json::from_slice(&runtime.block_on(body.bytes(usize::MAX)).unwrap()).unwrap();
    assert_eq!(body["failure"], json!({ "name": "ShopError", "reason": "no_item", "payload": { "id": 7 } }));
    let plain = problem::response(&Error::not_found("no"));
    let body = runtime.block_on(plain.into_body().bytes(usize::MAX)).unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("failure"));
}

#[test]
fn a_failure_that_is_none_leaves_the_error_as_it_is() {
    let long = "x".repeat(Details::MAX_PAYLOAD_BYTES);
    for failure in [
        json!(null),
        json!("why"),
        json!(["ShopError"]),
        json!({}),
        json!({ "name": "ShopError" }),
        json!({ "name": 7, "reason": "no_item" }),
        json!({ "name": "Shop Error", "reason": "no_item" }),
        json!({ "name": "ShopError", "reason": "no_item", "payload": { "id": long } }),
        json!({ "name": long, "reason": "no_item" }),
    ] {
        let error = with(failure.clone());
        assert_eq!((error.code(), error.message(), error.reason()), (Code::NotFound, "no", Some("why")), "{failure}");
        assert!(error.cause::<Details>().is_none() && error.cause::<ShopError>().is_none(), "{failure}");
    }
    // Well made, and not for us: there to be read.
    let error = with(json!({ "name": "ShopError", "reason": "no_item", "payload": { "id": "seven" } }));
    assert_eq!(error.cause::<Details>().and_then(Details::payload), Some(r#"{"id":"seven"}"#));
    assert_eq!(
        with(json!({ "name": "ShopError", "reason": "no_item", "payload": { "id": 7, "more": [] }, "more": 1 }))
            .cause(),
        Some(&ShopError::NoItem { id: 7 })
    );
}

#[test]
fn depth_is_bounded_by_size_and_read_within_its_own_bound() {
    let deep = format!(
        r#"{{"code":"NotFound","failure":{{"name":"ShopError","reason":"no_item","payload":{}1{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(read(deep.as_bytes()).cause::<Details>(), None);
    let deep = "[".repeat(2_000) + &"]".repeat(2_000);
    let details = Details::new("ShopError", "no_item", Some(deep.into())).unwrap();
    assert!(Error::not_found("no").with_details(details).recognize::<ShopError>().cause::<ShopError>().is_none());
}

proptest! {
    #[test]
    fn whatever_stands_there_is_read_or_left(failure in "[\\[\\]{}\":,a-z0-9 ]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut problem = format!(r#"{{"code":"NotFound","failure":{failure}"#).into_bytes();
        problem.extend(bytes);
        problem.push(b'}');
        let error = read(&problem);
        prop_assert!(matches!(error.code(), Code::NotFound | Code::Aborted));
    }
}
