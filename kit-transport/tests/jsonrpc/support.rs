use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, StatusCode};
use kit_core::{Context, Endpoint, Error, Metadata, Method, request_fn};
use kit_transport::http::deadline::{self, GRPC_TIMEOUT};
use kit_transport::http::server::{Router, RouterService};
use kit_transport::http::{Body, Request, Response};
use kit_transport::jsonrpc::client::Client;
use kit_transport::jsonrpc::server::{Dispatcher, Methods};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) static SUBTRACT: Method = Method::new("calculator", "subtract").idempotent();
pub(crate) static SUM: Method = Method::new("calculator", "sum").idempotent();
pub(crate) static UPDATE: Method = Method::new("calculator", "update");
pub(crate) static NOTIFY_HELLO: Method = Method::new("calculator", "notify_hello");
pub(crate) static GET_DATA: Method = Method::new("calculator", "get_data").idempotent();
pub(crate) static FAIL: Method = Method::new("calculator", "fail");
pub(crate) static FOOBAR: Method = Method::new("calculator", "foobar");

#[derive(Deserialize, Serialize)]
pub(crate) struct Subtract {
    pub(crate) minuend: i64,
    pub(crate) subtrahend: i64,
}

/// The methods of the specification's examples, without a layer.
pub(crate) fn calculator() -> Methods {
    Methods::new()
        .method(&SUBTRACT, request_fn(async |s: Subtract| Ok(s.minuend - s.subtrahend)))
        .method(&SUM, request_fn(async |numbers: Vec<i64>| Ok(numbers.iter().sum::<i64>())))
        .method(&UPDATE, request_fn(async |_: Vec<Value>| Ok(())))
        .method(&NOTIFY_HELLO, request_fn(async |_: Vec<Value>| Ok(())))
        .method(&GET_DATA, request_fn(async |(): ()| Ok(("hello", 5))))
}

/// As a service, at `/rpc`.
pub(crate) fn service(rpc: Dispatcher) -> RouterService {
    Router::new().post("/rpc", rpc).build().unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!((self.status, self.header("content-type")), (StatusCode::OK, "application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The number of the error object.
    pub(crate) fn number(&self) -> i64 {
        self.json()["error"]["code"].as_i64().expect("an error")
    }
}

pub(crate) fn post(body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = "/rpc".parse().unwrap();
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    request
}

pub(crate) async fn send(service: &RouterService, request: Request) -> Answer {
    let response: Result<_, Infallible> = service.clone().oneshot(request).await;
    let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
    let body = body.bytes(1 << 24).await.expect("a whole body");
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn ask(service: &RouterService, body: impl Into<String>) -> Answer {
    send(service, post(body.into())).await
}

/// HTTP without a network: what a client writes on a request, and what it reads of a response.
#[derive(Clone)]
pub(crate) struct Wire(pub(crate) RouterService);

impl Endpoint<Request> for Wire {
    type Response = Response;

    async fn call(&self, cx: &mut Context, mut request: Request) -> Result<Response, Error> {
        if let Some(outbound) = cx.outbound() {
            request.headers_mut().extend(outbound.headers().clone());
        }
        if let Some(left) = cx.remaining() {
            request.headers_mut().insert(GRPC_TIMEOUT, deadline::write(left));
        }
        let response: Result<Response, Infallible> = self.0.clone().oneshot(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        cx.set_inbound(Metadata::received(response.headers().clone()));
        Ok(response)
    }
}

/// A client of these methods.
pub(crate) fn client(rpc: Dispatcher) -> Client<Wire> {
    Client::new(Wire(service(rpc)), "/rpc").unwrap()
}

/// HTTP that answers everything the same, and keeps what it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub(crate) fn new(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        Self { status, kind, body: body.into(), asked: Arc::default() }
    }

    /// 200 and this JSON.
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::new(200, "application/json", body)
    }

    pub(crate) fn client(&self) -> Client<Canned> {
        Client::new(self.clone(), "/rpc").unwrap()
    }

    /// The bodies of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Endpoint<Request> for Canned {
    type Response = Response;

    async fn call(&self, _cx: &mut Context, request: Request) -> Result<Response, Error> {
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/rpc"));
        assert_eq!(request.headers()["content-type"], "application/json");
        let body = request.into_body().bytes(1 << 20).await?;
        self.asked.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        response.headers_mut().insert("content-type", HeaderValue::from_static(self.kind));
        Ok(response)
    }
}
