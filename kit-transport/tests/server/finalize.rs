use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use kit_core::{Endpoint, Error, Outcome, Streaming, endpoint_fn};
use kit_transport::http::server::{Router, RouterService};
use kit_transport::http::{Body, Request, Response};
use tower::ServiceExt as _;

use crate::support::{Ears, Heard, Note, post_json, request, send, uppercase};

fn heard(outcome: Outcome, status: u16, bytes: usize, error: Option<&str>) -> Heard {
    Heard { outcome, status: Some(status), bytes: bytes as u64, error: error.map(str::to_owned), note: None }
}

/// Chunks of three bytes: two, then what the request's query says.
fn chunks() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |cx, request: Request| {
        cx.extensions_mut().insert(Note("streamed"));
        let good = stream::iter([Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"def"))]);
        let rest: stream::BoxStream<'static, Result<Bytes, Error>> = match request.uri().query() {
            Some("fail") => Box::pin(stream::iter([Err(Error::data_loss("lost"))])),
            Some("hang") => Box::pin(stream::pending()),
            _ => Box::pin(stream::empty()),
        };
        Ok(Response::new(Body::stream(Streaming::new(cx, futures_util::StreamExt::chain(good, rest)))))
    })
}

fn service(ears: &Ears) -> RouterService {
    let hang = endpoint_fn(async |cx, _: Request| {
        cx.extensions_mut().insert(Note("begun"));
        pending::<Result<Response, Error>>().await
    });
    uppercase(Router::new())
        .get("/chunks", chunks())
        .get("/hang", hang)
        .get("/panic", endpoint_fn(async |_cx, _: Request| -> Result<Response, Error> { panic!("on purpose") }))
        .finalize(ears.listen())
        .build()
        .unwrap()
}

#[tokio::test]
async fn every_end_is_told_once_with_outcome_status_bytes_and_error() {
    let ears = Ears::default();
    let service = service(&ears);
    let answer = send(&service, post_json("/uppercase", r#"{"s":"abc"}"#)).await;
    assert_eq!(ears.one(), heard(Outcome::Success, 200, answer.body.len(), None));
    let answer = send(&service, post_json("/uppercase", r#"{"s":""}"#)).await;
    assert_eq!(ears.one(), heard(Outcome::BusinessError, 400, answer.body.len(), Some("InvalidArgument")));
    let answer = send(&service, request("GET", "/nowhere", "")).await;
    assert_eq!(ears.one(), heard(Outcome::BusinessError, 404, answer.body.len(), Some("NotFound")));
    let answer = send(&service, request("GET", "/panic", "")).await;
    assert_eq!(ears.one(), heard(Outcome::BackendError, 500, answer.body.len(), Some("Internal")));
    send(&service, request("HEAD", "/uppercase", "")).await;
    assert_eq!(ears.one(), heard(Outcome::BusinessError, 405, 0, Some("InvalidArgument")));
}

#[tokio::test]
async fn a_streamed_answer_ends_with_its_body_and_what_was_left_in_the_context_is_there() {
    let ears = Ears::default();
    let service = service(&ears);
    let answer = send(&service, request("GET", "/chunks", "")).await;
    assert_eq!(answer.body, "abcdef");
    let whole = Heard { note: Some("streamed"), ..heard(Outcome::Success, 200, 6, None) };
    assert_eq!(ears.one(), whole);

    let response = service.clone().oneshot(request("GET", "/chunks?fail", "")).await.unwrap();
    assert!(ears.heard().is_empty(), "not before the end");
    assert!(response.into_body().collect().await.is_err(), "never a short success");
    assert_eq!(ears.one(), Heard { error: Some("DataLoss".into()), outcome: Outcome::BackendError, ..whole.clone() });

    let mut response = service.clone().oneshot(request("GET", "/chunks?hang", "")).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    assert_eq!(ears.one(), Heard { bytes: 3, outcome: Outcome::Cancelled, ..whole });
}

#[tokio::test]
async fn a_body_that_panics_ends_as_a_bug_and_not_its_connection() {
    let ears = Ears::default();
    let panicking = endpoint_fn(async |_cx, _: Request| {
        let chunks = futures_util::StreamExt::map(stream::iter(0..2), |number| {
            assert!(number < 1, "on purpose");
            Ok::<_, Error>(Bytes::from_static(b"abc"))
        });
        Ok(Response::new(Body::stream(chunks)))
    });
    let service = Router::new().get("/", panicking).finalize(ears.listen()).build().unwrap();
    let mut response = service.oneshot(request("GET", "/", "")).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    let error = response.body_mut().frame().await.expect("an error").unwrap_err();
    assert!(error.is_bug());
    assert!(response.body_mut().frame().await.is_none());
    assert_eq!(ears.one(), heard(Outcome::BackendError, 200, 3, Some("Internal")));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_deadline_of_its_call() {
    let ears = Ears::default();
    let service = service(&ears);
    let mut request = request("GET", "/chunks?hang", "");
    request.headers_mut().insert("grpc-timeout", "100m".parse().unwrap());
    let response = service.oneshot(request).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    let heard = ears.one();
    assert_eq!((heard.outcome, heard.error.as_deref()), (Outcome::TimedOut, Some("DeadlineExceeded")));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_is_told_as_cancelled_without_a_status() {
    let ears = Ears::default();
    let call = service(&ears).oneshot(request("GET", "/hang", ""));
    assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    let gone = Heard { outcome: Outcome::Cancelled, status: None, bytes: 0, error: None, note: Some("begun") };
    assert_eq!(ears.one(), gone);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_body_tells_its_producer() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Arc::new(std::sync::Mutex::new(Some(tell)));
    let produce = kit_core::endpoint_with(tell, async |tell, cx, _: Request| {
        let (cancel, tell) = (cx.cancel_token(), tell.lock().unwrap().take());
        tokio::spawn(async move {
            cancel.cancelled().await;
            let _ = tell.map(|tell| tell.send(()));
        });
        Ok(Response::new(Body::stream(Streaming::new(cx, stream::pending::<Result<Bytes, Error>>()))))
    });
    let service = Router::new().get("/", produce).build().unwrap();
    let response = service.oneshot(request("GET", "/", "")).await.unwrap();
    drop(response);
    told.await.expect("the producer was told");
}
