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
