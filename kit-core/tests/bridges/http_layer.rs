//! tower-http's layers in a kit stack, round endpoints over `http::Request`.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use kit_core::bridge::{FromHttp, HttpLayer};
use kit_core::{Code, Context, Endpoint as _, Error, Metadata, endpoint_fn};
use tokio::sync::oneshot;
use tower::ServiceBuilder;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::*;

type Body = Full<Bytes>;

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::default()).expect("a request")
}

fn timeout_layer() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT)
}

#[tokio::test(start_paused = true)]
async fn tower_https_trace_and_timeout_stand_in_a_kit_stack() {
    let traced = Arc::new(Mutex::new(Vec::new()));
    let (requests, responses) = (Arc::clone(&traced), Arc::clone(&traced));
    let trace = TraceLayer::new_for_http()
        .on_request(move |request: &Request<Body>, _: &tracing::Span| {
            let agent = request.headers().get("user-agent").map(|agent| format!("{agent:?}")).unwrap_or_default();
            requests.lock().unwrap().push(format!("{} {agent}", request.uri()));
        })
        .on_response(move |response: &Response<_>, latency: Duration, _: &tracing::Span| {
            let _: &Response<Body> = response;
            responses.lock().unwrap().push(format!("{} {latency:?}", response.status()));
        });
    let endpoint = endpoint_fn(async |cx, request: Request<Body>| {
        assert!(request.headers().is_empty(), "inside kit they are the context's");
        if request.uri().path() == "/slow" {
            std::future::pending::<()>().await;
        }
        let agent = cx.inbound().get("user-agent").unwrap_or_default().to_owned();
        Ok(Response::new(Body::from(agent)))
    });
    let ends = Noting::default();
    let endpoint = endpoint.layer(HttpLayer::new(timeout_layer())).layer(HttpLayer::new(trace)).layer(ends.clone());

    let mut cx = Context::new();
    let mut inbound = Metadata::default();
    inbound.insert("user-agent", "curl").unwrap();
    cx.set_inbound(inbound);
    let response = endpoint.call(&mut cx, get("/fast")).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "curl");
    assert_eq!(cx.inbound().get("user-agent"), Some("curl"), "and outside again");

    let response = endpoint.call(&mut Context::new(), get("/slow")).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(ends.ends(), [Outcome::Success, Outcome::BackendError], "a layer hears what the status says");
    let traced = traced.lock().unwrap();
    assert_eq!(traced.len(), 4);
    assert_eq!(traced[0], r#"/fast "curl""#);
    assert!(traced[1].starts_with("200 OK") && traced[3].starts_with("504"), "{traced:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_endpoint_writes_inside_a_tower_http_layer_is_there_outside() {
    let endpoint = endpoint_fn(async |cx, _: Request<Body>| {
        cx.extensions_mut().insert(Word("inside"));
        cx.outbound_mut().insert("x-inside", "yes")?;
        let mut response = Response::new(Body::default());
        if cx.deadline().is_some() {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        Ok(response)
    });
    let endpoint = endpoint.layer(HttpLayer::new(timeout_layer()));
    let mut cx = Context::new();
    let response = endpoint.call(&mut cx, get("/")).await.unwrap();
    assert_eq!(cx.extensions().get::<Word>(), Some(&Word("inside")));
    assert_eq!(cx.outbound().and_then(|outbound| outbound.get("x-inside")), Some("yes"));
    assert!(response.headers().is_empty(), "the outermost border writes them");
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::Success);

    let mut scope = cx.scope_after(LIMIT);
    endpoint.call(&mut scope, get("/")).await.unwrap();
    scope.finish();
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::BackendError, "the deadline was seen, and the status speaks");
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_was_said_is_not_overruled_by_the_status() {
    let endpoint = endpoint_fn(async |cx, _: Request<Body>| {
        cx.set_outcome(Outcome::Rejected);
        let response = Response::builder().status(503).body(Body::default());
        response.map_err(Error::bug)
    });
    let mut cx = Context::new();
    endpoint.layer(HttpLayer::new(timeout_layer())).call(&mut cx, get("/")).await.unwrap();
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::Rejected);
}

#[tokio::test(start_paused = true)]
async fn our_error_comes_through_a_tower_http_layer_as_it_was() {
    let endpoint = endpoint_fn(async |_cx, _: Request<Body>| Err::<Response<Body>, _>(Error::aborted("conflict")));
    let layers = ServiceBuilder::new().layer(TraceLayer::new_for_http()).layer(timeout_layer()).into_inner();
    let error = endpoint.layer(HttpLayer::new(layers)).call(&mut Context::new(), get("/")).await.err();
    assert_eq!(error.expect("an error").code(), Code::Aborted);
}

#[tokio::test(start_paused = true)]
async fn headers_a_request_brings_itself_are_left_alone() {
    let endpoint = endpoint_fn(async |cx, _: Request<Body>| {
        let mut response = Response::new(Body::default());
        response.headers_mut().insert(
            "x-seen",
            http::HeaderValue::from_str(cx.inbound().get("x-own").unwrap_or("none")).map_err(Error::bug)?,
        );
        Ok(response)
    });
    let endpoint = kit_core::bridge::FromHttp::new(kit_core::bridge::IntoHttp::new(endpoint));
    let mut cx = Context::new();
    let mut inbound = Metadata::default();
    inbound.insert("cookie", "of another hop").unwrap();
    cx.set_inbound(inbound);
    let mut request = get("/");
    request.headers_mut().insert("x-own", http::HeaderValue::from_static("mine"));
    let response = endpoint.call(&mut cx, request).await.unwrap();
    assert_eq!(response.headers()["x-seen"], "mine");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_tower_http_layer_abandons_gives_the_callers_back_and_tells_its_own_token() {
    let (send, receive) = oneshot::channel();
    let send = Arc::new(Mutex::new(Some(send)));
    let endpoint = kit_core::endpoint_with(send, async |send, cx, _: Request<Body>| {
        let mut scope = cx.scope_after(10 * LIMIT);
        scope.set_method(&INNER);
        let token = scope.cancel_token();
        send.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("one call")
            .send(token)
            .expect("the test listens");
        std::future::pending::<Result<Response<Body>, Error>>().await
    });
    let endpoint = endpoint.layer(HttpLayer::new(timeout_layer()));
    let mut caller = Caller::new();
    let began = Instant::now();
    let stops = async { left_behind(receive.await.unwrap()).await.unwrap() };
    let (response, stopped) = tokio::join!(endpoint.call(&mut caller.cx, get("/")), stops);
    assert_eq!(response.unwrap().status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(stopped - began, LIMIT);
    caller.assert_restored();
}

#[tokio::test(start_paused = true)]
async fn a_status_of_grpc_in_the_head_says_how_the_call_ended() {
    for (status, outcome) in [
        ("0", Outcome::Success),
        ("5", Outcome::BusinessError),
        ("13", Outcome::BackendError),
        ("99", Outcome::BackendError),
        ("none", Outcome::Success),
    ] {
        let service = tower::service_fn(move |_: Request<Body>| {
            let response = Response::builder().header("grpc-status", status).body(Body::default());
            std::future::ready(Ok::<_, std::convert::Infallible>(response.expect("a response")))
        });
        let mut cx = Context::new();
        let result = FromHttp::new(service).call(&mut cx, get("/")).await;
        assert_eq!(cx.outcome_of(&result), outcome, "{status}");
    }
}
