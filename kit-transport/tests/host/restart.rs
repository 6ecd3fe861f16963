//! Four instances stop in turn and start again, while callers go on: no call is lost, none runs twice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use kit_core::endpoint_with;
use kit_transport::http::server::{Config, Router, RouterService, Server};
use kit_transport::http::{Body, Request, Response};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::support::{Running, bound, config};

const INSTANCES: usize = 4;
const CALLERS: usize = 8;

/// What ran, by the calls' own numbers.
type Ledger = Arc<Mutex<HashMap<u64, u32>>>;

/// Calls that have begun and wait to be told to go on.
type Gate = Arc<(AtomicU64, Notify)>;

fn service(ledger: &Ledger, gate: &Gate) -> RouterService {
    let run = endpoint_with(Arc::clone(ledger), async |ledger, _cx, request: Request| {
        let bytes = request.into_body().bytes(64).await?;
        let id: u64 = std::str::from_utf8(&bytes).unwrap().parse().unwrap();
        *ledger.lock().unwrap().entry(id).or_default() += 1;
        // Work that lets others run in between.
        for _ in 0..id % 7 {
            tokio::task::yield_now().await;
        }
        Ok(Response::new(Body::from("ok")))
    });
    let wait = endpoint_with(Arc::clone(gate), async |gate, _cx, _: Request| {
        let released = gate.1.notified();
        gate.0.fetch_add(1, SeqCst);
        released.await;
        Ok(Response::new(Body::from("ok")))
    });
    Router::new().post("/", run).get("/wait", wait).build().unwrap()
}

/// The instances, and whether each says that it is ready.
struct Fleet {
    addrs: Vec<SocketAddr>,
    ready: Vec<AtomicBool>,
    /// How often each was started: connections belong to one life of an instance.
    lives: Vec<AtomicU64>,
    /// How often each caller has picked.
    picks: Vec<AtomicU64>,
    over: AtomicBool,
}

impl Fleet {
    fn pick(&self, caller: usize, number: u64) -> usize {
        self.picks[caller].fetch_add(1, SeqCst);
        let start = usize::try_from(number).unwrap();
        let ready = (start..start + INSTANCES).map(|index| index % INSTANCES);
        ready.into_iter().find(|&index| self.ready[index].load(SeqCst)).expect("some instance is ready")
    }

    /// Waits until every caller has picked again, twice: what it picked before has been answered.
    async fn picked_anew(&self) {
        let before: Vec<u64> = self.picks.iter().map(|picks| picks.load(SeqCst)).collect();
        while self.picks.iter().zip(&before).any(|(picks, before)| picks.load(SeqCst) < before + 2) {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether the call provably did not run.
fn is_safe(error: &ClientError) -> bool {
    if error.is_connect() {
        return true;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<h2::Error>() {
            return cause.is_remote() && (cause.is_go_away() || cause.reason() == Some(h2::Reason::REFUSED_STREAM));
        }
        source = cause.source();
    }
    false
}

type Pool = Client<HttpConnector, Full<Bytes>>;

fn pool(http2: bool) -> Pool {
    Client::builder(TokioExecutor::new()).http2_only(http2).build_http()
}

/// A caller's connections, those of an instance dropped with its life, as discovery drops them. hyper's own pool may send on a
/// connection that was closed long ago, if the machine was too busy to tell it (hyper #2136).
struct Pools(Vec<(u64, Pool)>);

impl Pools {
    fn of(&mut self, fleet: &Fleet, index: usize, http2: bool) -> &Pool {
        let life = fleet.lives[index].load(SeqCst);
        let held = &mut self.0[index];
        if held.0 != life {
            *held = (life, pool(http2));
        }
        &held.1
    }
}

async fn call(fleet: Arc<Fleet>, caller: usize, http2: bool) -> Vec<u64> {
    let mut pools = Pools((0..INSTANCES).map(|_| (0, pool(http2))).collect());
    let mut answered = Vec::new();
    for number in 0.. {
        if fleet.over.load(SeqCst) {
            break;
        }
        let id = (caller as u64) << 32 | number;
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 20, "call {id} finds nobody");
            let index = fleet.pick(caller, number + tries);
            let request = http::Request::post(format!("http://{}/", fleet.addrs[index]));
            let request = request.body(Full::from(id.to_string())).unwrap();
            match pools.of(&fleet, index, http2).request(request).await {
                Ok(response) => {
                    assert_eq!(response.status(), 200);
                    assert_eq!(response.into_body().collect().await.expect("a whole body").to_bytes(), "ok");
                    answered.push(id);
                    break;
                }
                Err(error) => assert!(is_safe(&error), "call {id} is lost: {error:?}"),
            }
        }
    }
    answered
}

async fn wait(addr: SocketAddr, http2: bool) {
    let request = http::Request::get(format!("http://{addr}/wait")).body(Full::default()).unwrap();
    let response = pool(http2).request(request).await.expect("an answer");
    assert_eq!(response.into_body().collect().await.expect("a whole body").to_bytes(), "ok");
}

/// Nobody is on the way to an instance that everybody knows is not ready: its unused connections need not be waited for.
fn quick() -> Config {
    config(|config| config.drain_idle = Duration::from_millis(10))
}

/// A caller that fails picks no more, and the rest would wait for it: its panic is in the output.
async fn bounded(test: impl Future<Output = ()>) {
    timeout(Duration::from_secs(60), test).await.expect("an end: see which caller failed");
}

async fn restart_in_turn(http2: bool) {
    let (ledger, gate) = (Ledger::default(), Gate::default());
    let mut running = Vec::new();
    for _ in 0..INSTANCES {
        running.push(Some(Running::start(bound(quick()).await, service(&ledger, &gate))));
    }
    let fleet = Arc::new(Fleet {
        addrs: running.iter().flatten().map(|running| running.addr).collect(),
        ready: (0..INSTANCES).map(|_| AtomicBool::new(true)).collect(),
        lives: (0..INSTANCES).map(|_| AtomicU64::new(0)).collect(),
        picks: (0..CALLERS).map(|_| AtomicU64::new(0)).collect(),
        over: AtomicBool::new(false),
    });
    let callers: Vec<_> = (0..CALLERS).map(|caller| tokio::spawn(call(Arc::clone(&fleet), caller, http2))).collect();
    for (index, addr) in fleet.addrs.clone().into_iter().enumerate() {
        // Calls that are in flight for all of the drain.
        let waiting: Vec<_> = (0..4).map(|_| tokio::spawn(wait(addr, http2))).collect();
        while gate.0.load(SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        // Not ready first, until everybody knows; then the drain.
        fleet.ready[index].store(false, SeqCst);
        fleet.picked_anew().await;
        let stopping = tokio::spawn(running[index].take().expect("an instance that runs").stop());
        while TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
        gate.1.notify_waiters();
        for waiting in waiting {
            waiting.await.expect("no call that was in flight is lost");
        }
        assert_eq!(stopping.await.unwrap().aborted, 0);
        gate.0.store(0, SeqCst);
        let again = Server::new(quick()).unwrap().bind(addr).await.unwrap();
        running[index] = Some(Running::start(again, service(&ledger, &gate)));
        fleet.lives[index].fetch_add(1, SeqCst);
        fleet.ready[index].store(true, SeqCst);
        fleet.picked_anew().await;
    }
    fleet.picked_anew().await;
    fleet.over.store(true, SeqCst);
    let mut calls = 0;
    for caller in callers {
        for id in caller.await.expect("no lost call") {
            assert_eq!(ledger.lock().unwrap().remove(&id), Some(1), "call {id} ran once");
            calls += 1;
        }
    }
    assert!(ledger.lock().unwrap().is_empty(), "nothing ran that nobody asked for");
    assert!(calls > 100, "{calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_when_four_instances_restart_in_turn_over_http_1() {
    bounded(restart_in_turn(false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_when_four_instances_restart_in_turn_over_http_2() {
    bounded(restart_in_turn(true)).await;
}
