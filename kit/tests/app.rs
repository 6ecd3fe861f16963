//! An app leaves nothing behind: tasks, sockets, files and threads are counted before and after. One test in a file of its own, since
//! it counts what its process has.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use kit::http::client::{self, Client, Target};
use kit::http::server::{Config, Router};
use kit::http::{Body, Request, Response};
use kit::log::Logger;
use kit::server::{Listen, Runtime, Stack, operator};
use kit::{App, Context, Endpoint as _, Method, endpoint_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

static SLOW: Method = Method::new("svc", "slow").path("/slow");

/// What this process has, by its kind: descriptors, threads, tasks.
fn held() -> BTreeMap<String, usize> {
    let mut held = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fd").expect("a proc file system") {
        // One is that of the listing itself, and gone.
        let Ok(link) = fs::read_link(entry.unwrap().path()) else { continue };
        let kind = link.to_string_lossy().split(":[").next().unwrap_or_default().to_owned();
        *held.entry(kind).or_default() += 1;
    }
    let names = fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        fs::read_to_string(task.unwrap().path().join("comm")).ok().filter(|name| name.starts_with("kit-core-"))
    });
    held.insert("threads".into(), names.count());
    held.insert("tasks".into(), Handle::current().metrics().num_alive_tasks());
    held
}

/// How the life of an app ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Asked,
    Forced,
    Failed,
}

/// An app with a file, a task, a server and calls of every kind, from its start to its end.
async fn live(runtime: Runtime, end: End) {
    let gates = Arc::new((Notify::new(), Notify::new(), Notify::new()));
    let log = Logger::discard();
    let (stop, stopped) = oneshot::channel::<()>();
    let (force, forced) = oneshot::channel::<()>();
    let listen = match runtime {
        Runtime::Stealing => Listen::bind(Config::default(), "127.0.0.1:0", runtime).await.unwrap(),
        Runtime::PerCore => Listen::cores(Config::default(), "127.0.0.1:0", 2).await.unwrap(),
    };
    let (addr, stack) = (listen.local_addr(), Stack::new(&log, &kit::metrics::Registry::new()).unwrap());
    let app = App::new(&log);
    let health = app.health().clone();
    let routes = {
        let gates = Arc::clone(&gates);
        move || {
            let slow = endpoint_with(Arc::clone(&gates), async |gates, _cx, _: Request| {
                gates.0.notify_one();
                gates.1.notified().await;
                Ok(Response::new(Body::from("done")))
            });
            Router::with(stack.clone()).get(&SLOW, slow).merge(operator(&health)).build()
        }
    };
    let fails = Arc::clone(&gates);
    let app = app
        .part("store", async |part| {
            let _file = fs::File::open("/proc/self/status").expect("a file");
            let (line, mut lines) = tokio::sync::mpsc::channel::<()>(1);
            let worker = tokio::spawn(async move { while lines.recv().await.is_some() {} });
            part.ready();
            part.stopping().await;
            drop(line);
            worker.await.expect("the worker ends with its queue");
            Ok(())
        })
        .http("http", listen, routes)
        .part("faulty", async move |part| {
            part.ready();
            tokio::select! {
                () = part.stopping() => Ok(()),
                () = fails.2.notified() => Err(kit::Error::unavailable("gone")),
            }
        });
    let running = tokio::spawn(app.run_until(async { drop(stopped.await) }, async { drop(forced.await) }));

    // Through a pool, by hand and left open, and one that is in flight when the end comes.
    let target: Target = format!("http://{addr}").parse().unwrap();
    let client = Client::new(client::Config::default()).unwrap();
    let healthz = async || {
        let request = http::Request::get("/readyz").body(Body::empty()).unwrap();
        client.raw(&target).call(&mut Context::new(), request).await
    };
    while healthz().await.map(|response| response.status().as_u16()).ok() != Some(200) {
        tokio::task::yield_now().await;
    }
    let mut idle = TcpStream::connect(addr).await.unwrap();
    idle.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\nGET / HTT").await.unwrap();
    idle.read_u8().await.unwrap();
    let mut slow = TcpStream::connect(addr).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    gates.0.notified().await;
    let mut answer = String::new();
    match end {
        End::Asked => {
            drop(stop);
            gates.1.notify_one();
            slow.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("done"), "what is in flight ends well");
            drop(idle);
            assert!(running.await.unwrap().unwrap().is_clean());
            drop(force);
        }
        End::Forced => {
            drop(stop);
            // The port is free as soon as the drain begins.
            while TcpStream::connect(addr).await.is_ok() {
                tokio::task::yield_now().await;
            }
            drop(force);
            assert!(running.await.unwrap().unwrap().forced);
            let _ = slow.read_to_string(&mut answer).await;
            assert_eq!(answer, "", "cut off");
        }
        End::Failed => {
            gates.2.notify_one();
            gates.1.notify_one();
            drop(idle);
            let error = running.await.unwrap().unwrap_err();
            assert_eq!(error.message(), "part faulty failed: gone");
            drop((stop, force));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_leaves_no_task_no_socket_no_file_and_no_thread_behind_however_it_ends() {
    let all = async {
        for runtime in [Runtime::Stealing, Runtime::PerCore] {
            // What the runtime and the test opens once is open after the first.
            live(runtime, End::Asked).await;
            while Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
            let before = held();
            for end in [End::Asked, End::Forced, End::Failed] {
                live(runtime, end).await;
                // A closed connection's task has a last turn yet.
                let settled = async {
                    while held() != before {
                        tokio::task::yield_now().await;
                    }
                };
                let left = timeout(Duration::from_secs(10), settled).await;
                assert!(left.is_ok(), "{runtime:?}, {end:?}: {before:?} before, {:?} after", held());
            }
        }
    };
    timeout(Duration::from_secs(60), all).await.expect("an end");
}
