//! Sockets of a process, counted before and after: alone in its program, so that nobody else opens any.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use kit_core::{Channel as _, Context, Endpoint as _, Error, Factory as _, Instance, Method, Routed, endpoint_fn};
use kit_transport::codec::Json;
use kit_transport::http::client::{self, Channel, Channels, Config};
use kit_transport::http::server::{Router, Server, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::timeout;

static COUNT: Method = Method::new("stringsvc", "count").path("/count").idempotent();
static HANG: Method = Method::new("stringsvc", "hang").path("/hang");

fn sockets() -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    let is_socket = |name: std::path::PathBuf| name.to_string_lossy().starts_with("socket:");
    all.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok()).filter(|name| is_socket(name.clone())).count()
}

/// Waits for tasks that have been told to end.
async fn until(sockets_left: usize) {
    let waiting = async {
        while sockets() > sockets_left {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), waiting).await.expect("all sockets are closed");
}

async fn call(channel: &Arc<Channel>, method: &'static Method) -> Result<u64, Error> {
    let view = client::post::<u64, _>(method, Json).binding::<u64>()?;
    let instance = Arc::new(Instance::new(channel.address()));
    view.call(&mut Context::new(), Routed { instance, channel: Arc::clone(channel), request: 1 }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_channels_every_socket_is_closed() {
    let before = sockets();
    for http2_only in [false, true] {
        let count = endpoint_fn(async |_cx, n: u64| Ok::<_, Error>(n + 1));
        let hang = endpoint_fn(async |_cx, _n: u64| std::future::pending::<Result<u64, Error>>().await);
        let service = Router::new().post(&COUNT, json(count)).post(&HANG, json(hang)).build().unwrap();
        let bound = Server::new(Default::default()).unwrap().bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(bound.serve(service, async { drop(stopped.await) }));
        let listening = before + 1;

        let config = Config { max_connections: 5, http2_only, http2_connections: 2, ..Config::default() };
        let channels = Channels::new(config).unwrap();
        let make = async |address: &str| Arc::new(channels.make(&Instance::new(address)).await.unwrap());
        for closes in [false, true] {
            let channel = make(&address).await;
            for result in join_all((0..50).map(|_| call(&channel, &COUNT))).await {
                assert_eq!(result.unwrap(), 2);
            }
            // Given up, some of them while they wait.
            let hanging = join_all((0..20).map(|_| call(&channel, &HANG)));
            assert!(timeout(Duration::from_millis(50), hanging).await.is_err());
            assert_eq!(call(&channel, &COUNT).await.unwrap(), 2);
            if closes {
                let (hanging, ()) = tokio::join!(join_all((0..20).map(|_| call(&channel, &HANG))), async {
                    while channel.connections() == 0 {
                        yield_now().await;
                    }
                    channel.close().await;
                });
                assert!(hanging.iter().all(Result::is_err));
                assert_eq!(channel.connections(), 0);
            }
            drop(channel);
            until(listening).await;
        }

        // Accepted by the system, and by nobody else; then refused.
        let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let channel = make(&deaf.local_addr().unwrap().to_string()).await;
        let hanging = join_all((0..20).map(|_| call(&channel, &COUNT)));
        assert!(timeout(Duration::from_millis(50), hanging).await.is_err());
        drop(deaf);
        for result in join_all((0..20).map(|_| call(&channel, &COUNT))).await {
            result.unwrap_err();
        }
        drop(channel);
        until(listening).await;

        stop.send(()).unwrap();
        timeout(Duration::from_secs(20), serving).await.expect("the server drains").unwrap();
        until(before).await;
    }
}
