use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::failure::RecognizeLayer;
use kit_core::{BoxEndpoint, Context, Endpoint, Error, Failure, Method, endpoint_with};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, Target};
use kit_transport::http::server::{Router, RouterService, Server, json};
use kit_transport::{grpc, jsonrpc, local};
use tokio::time::timeout;

pub(crate) static FAIL: Method = Method::new("tests", "fail").path("/fail").idempotent();

/// A service that fails as it is told to.
#[derive(Clone)]
pub(crate) struct Failing(Arc<Mutex<Error>>);

impl Failing {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Error::unavailable("nothing is said yet"))))
    }

    pub(crate) fn next(&self, error: impl Into<Error>) {
        *self.0.lock().unwrap() = error.into();
    }

    pub(crate) fn endpoint(&self) -> impl Endpoint<(), Response = ()> + Clone + 'static {
        endpoint_with(self.clone(), async |this, _cx, ()| Err::<(), _>(this.0.lock().unwrap().clone()))
    }
}

/// A caller's end of a wire.
pub(crate) type Caller = BoxEndpoint<(), ()>;

/// What calls the service over each of the wires, by their names. It runs as long as the runtime.
pub(crate) async fn wires(
    service: &(impl Endpoint<(), Response = ()> + Clone + 'static),
) -> Vec<(&'static str, Caller)> {
    let rpc = jsonrpc::server::Methods::new().method(&FAIL, service.clone()).build().unwrap();
    let routes = Router::new().post(&FAIL, json(service.clone())).post("/rpc", rpc);
    let routes = routes.grpc(&FAIL, grpc::server::unary(service.clone())).build().unwrap();
    let target = serve(routes).await;
    let http = Client::new(Config::default()).unwrap();
    let rpc = jsonrpc::client::Client::new(http.raw(&target), "/rpc").unwrap();
    let http2 = Client::new(Config { http2_only: true, ..Config::default() }).unwrap();
    vec![
        ("http", http.post(&FAIL, &target, Json).endpoint::<()>().unwrap().boxed()),
        ("jsonrpc", rpc.endpoint::<(), ()>(&FAIL).boxed()),
        ("grpc", grpc::client::unary::<()>(&FAIL).endpoint(&http2, &target).unwrap().boxed()),
        ("local", local::endpoint(&FAIL, service.clone()).boxed()),
    ]
}

pub(crate) async fn serve(routes: RouterService) -> Target {
    let bound = Server::new(Default::default()).unwrap().bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", bound.local_addr()).parse().unwrap();
    tokio::spawn(bound.serve(routes, std::future::pending()));
    target
}

/// Calls, and gives what it failed with, soon.
pub(crate) async fn failed(caller: &impl Endpoint<(), Response = ()>) -> Error {
    let mut cx = Context::new();
    let called = timeout(Duration::from_secs(20), caller.call(&mut cx, ()));
    called.await.expect("it never answered").expect_err("it fails")
}

/// As [`failed`], by a caller that knows the enum.
pub(crate) async fn recognized<F: Failure>(caller: &Caller) -> Error {
    failed(&caller.clone().layer(RecognizeLayer::<F>::new())).await
}
