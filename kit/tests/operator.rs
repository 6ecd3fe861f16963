//! What an operator reads of a program's health, over the wire and while its parts come and go.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit::health::{Limits, Probe, check_with};
use kit::http::server::{Config, Router};
use kit::log::Logger;
use kit::server::{Listen, Runtime, operator};
use kit::{App, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    (text[9..12].parse().unwrap(), text)
}

#[tokio::test]
async fn readyz_names_what_fails_and_never_why_and_healthz_stays_200_all_the_while() {
    let all = async {
        let app = App::new(&Logger::discard());
        let (health, works) = (app.health().clone(), Arc::new(AtomicBool::new(false)));
        let store =
            check_with(Arc::clone(&works), async |works: &Arc<AtomicBool>| match works.load(Ordering::SeqCst) {
                true => Ok(()),
                false => Err(Error::unavailable("secret-host refused the password")),
            });
        health
            .add_within(Probe::Readiness, "store", Limits { cache: Duration::ZERO, ..Limits::default() }, store)
            .unwrap();
        let listen = Listen::bind(Config::default(), "127.0.0.1:0", Runtime::Stealing).await.unwrap();
        let addr = listen.local_addr();
        let ((stop, stopped), (open, is_open), (go, gone)) =
            (oneshot::channel(), oneshot::channel(), oneshot::channel());
        let app = app.http("http", listen, move || Router::new().merge(operator(&health)).build()).part(
            "worker",
            async move |part| {
                is_open.await.map_err(Error::bug)?;
                part.ready();
                part.stopping().await;
                gone.await.map_err(Error::bug)
            },
        );
        let running = tokio::spawn(app.run_until(async { stopped.await.unwrap_or_default() }, std::future::pending()));

        // While it starts, while a check fails, and while it stops.
        let refused = async |names: &str| {
            let mut answer = get(addr, "/readyz").await;
            while !(answer.0 == 503 && answer.1.contains(names)) {
                tokio::task::yield_now().await;
                answer = get(addr, "/readyz").await;
            }
            assert!(!answer.1.contains("secret") && !answer.1.contains("password"), "{}", answer.1);
            assert_eq!(get(addr, "/healthz").await.0, 200);
        };
        refused("store").await;
        works.store(true, Ordering::SeqCst);
        assert_eq!(get(addr, "/readyz").await.0, 503, "a part has still to start");
        open.send(()).unwrap();
        while get(addr, "/readyz").await.0 != 200 {
            tokio::task::yield_now().await;
        }
        works.store(false, Ordering::SeqCst);
        refused("store").await;
        works.store(true, Ordering::SeqCst);
        assert_eq!(get(addr, "/readyz").await.0, 200);
        stop.send(()).unwrap();
        refused("").await;
        go.send(()).unwrap();
        assert!(running.await.unwrap().unwrap().is_clean());
    };
    timeout(Duration::from_secs(30), all).await.expect("an end");
}
