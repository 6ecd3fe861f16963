//! What each core has for itself, and what all of them share.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::net::SocketAddr;
use std::time::Duration;

use kit::circuit::breaker::{BreakerLayer, State};
use kit::http::client::{self, Client, Target};
use kit::http::server::{Config, Router, RouterService};
use kit::http::{Body, Request, Response};
use kit::server::{Listen, Runtime};
use kit::{ChildLayer, Endpoint as _, Error, Layer as _, Method, endpoint_fn, endpoint_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

const CORES: usize = 2;

static BACKEND: Method = Method::new("backend", "any");

/// Serves until the sender is dropped.
async fn serve(
    listen: Listen,
    routes: impl Fn() -> Result<RouterService, Error> + Send + Sync + 'static,
) -> oneshot::Sender<()> {
    let ((stop, stopped), (ready, is_ready)) = (oneshot::channel::<()>(), oneshot::channel());
    let serving = listen.serve(routes, move || ready.send(()).unwrap(), async { drop(stopped.await) });
    tokio::spawn(async { serving.await.unwrap() });
    is_ready.await.unwrap();
    stop
}

async fn get(addr: SocketAddr) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text[9..12].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_made_by_the_factory_has_a_pool_for_each_core_and_a_breaker_is_one_for_all() {
    let all = async {
        let listen = Listen::bind(Config::default(), "127.0.0.1:0", Runtime::Stealing).await.unwrap();
        let (target, backend): (Target, _) =
            (format!("http://{}", listen.local_addr()).parse().unwrap(), listen.stats());
        let answer = || endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::from("ok"))));
        let stop = serve(listen, move || Router::new().get("/", answer()).build()).await;

        let breaker = BreakerLayer::gobreaker();
        let handle = breaker.handle();
        let front = Listen::cores(Config::default(), "127.0.0.1:0", CORES).await.unwrap();
        let addr = front.local_addr();
        let _front = serve(front, move || {
            let raw = Client::new(client::Config::default())?.raw(&target);
            let call = ChildLayer::new(&BACKEND).layer(breaker.clone().layer(raw));
            let proxy = endpoint_with(call, async |call, cx, request: Request| call.call(cx, request).await);
            Router::new().get("/", proxy).build()
        })
        .await;

        // Enough for the system to have sent some to each core.
        for _ in 0..60 {
            assert_eq!(get(addr).await, "200");
        }
        assert_eq!(backend.accepted(), CORES as u64, "a connection for each core, used again and again");

        drop(stop);
        // It drains first: what comes on its open connections is answered still.
        while handle.state() == State::Closed {
            get(addr).await;
        }
        for _ in 0..20 {
            assert_eq!((get(addr).await.as_str(), handle.state()), ("503", State::Open), "on every core");
        }
    };
    timeout(Duration::from_secs(30), all).await.expect("an end");
}
