//! What a client costs: choosing one of a hundred, and whole calls to three servers.
//!
//! A name is `what/who`. A choice is the balancer's alone. Kit's picks are given the call's time, as in a stack that has read the clock, and told their end: a balancer that
//! is told nothing knows nothing. The servers have a thread of their own, so allocations are the client's alone.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use kit::circuit::retry::RetryLayer;
use kit::discovery::balance::{Balancer, PeakEwma, Random, Roster, RoundRobin};
use kit::discovery::endpointer::Endpointer;
use kit::discovery::{Fixed, Instancer as _};
use kit::{Channel, Context, Endpoint as _, Error, Factory, Instance, Outcome, Routed, request_fn};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::Constant;
use tower::{Service, service_fn};

use super::Cases;
use crate::callers::{Caller, Connection, Kit, Pool};
use crate::task::UPPERCASE;
use crate::{layout, servers};

const INSTANCES: usize = 100;
const SERVERS: usize = 3;

pub(super) fn cases(cases: &mut impl Cases) {
    choose(cases, "round robin, the choice/kit", RoundRobin::new());
    pick(cases, "round robin/kit", RoundRobin::new());
    let swap = Swap::new();
    cases.case("round robin/arc-swap and a counter", || swap.pick());
    pick_beside(cases, "round robin, two threads/kit", RoundRobin::new());
    cases.contended("round robin, two threads/arc-swap and a counter", || swap.pick());

    choose(cases, "P2C, the choice/kit", PeakEwma::new());
    pick(cases, "P2C/kit", PeakEwma::new());
    let mut tower = tower();
    cases.case("P2C/tower", || call(&mut tower));
    pick_beside(cases, "P2C, two threads/kit", PeakEwma::new());

    pick(cases, "random/kit", Random::new());
    balanced(cases, "balance and retry/kit");

    let servers = serve();
    whole::<Kit<false>>(cases, "call/kit", &servers);
    whole::<Kit<true>>(cases, "call/kit, a line a call", &servers);
    whole::<Pool>(cases, "call/hyper-util's pool", &servers);
    whole::<Connection>(cases, "call/a connection per caller", &servers);
}

fn roster() -> Roster {
    let roster = Roster::new(Default::default()).expect("the defaults are good");
    let instance = |n: usize| (Arc::new(Instance::new(format!("10.0.0.{n}:80"))), ());
    roster.replace(Ok((0..INSTANCES).map(instance).collect()));
    roster
}

/// The set is read and one of it chosen, which is all that Go kit's balancers do.
fn choose(cases: &mut impl Cases, name: &'static str, balancer: impl Balancer) {
    let (roster, cx) = (roster(), Context::at(Instant::now()));
    cases.case(name, || {
        let at = black_box(&roster).read(|set| balancer.pick(&cx, set));
        assert!(black_box(at).is_some(), "there are a hundred");
    });
}

fn pick(cases: &mut impl Cases, name: &'static str, balancer: impl Balancer) {
    let (roster, mut cx) = (roster(), Context::at(Instant::now()));
    cases.case(name, || pick_once(&roster, &balancer, &mut cx));
}

/// Each thread's calls have contexts of their own, at a time that costs nothing.
fn pick_beside(cases: &mut impl Cases, name: &'static str, balancer: impl Balancer) {
    thread_local!(static NOW: Instant = Instant::now());
    let roster = roster();
    cases.contended(name, || {
        let mut cx = Context::at(NOW.with(|now| *now));
        pick_once(&roster, &balancer, &mut cx);
        cx.finish();
    });
}

/// A channel that leads nowhere.
struct Nowhere;

impl Channel for Nowhere {
    async fn close(&self) {}
}

impl Factory for Nowhere {
    type Channel = Nowhere;

    async fn make(&self, _instance: &Instance) -> Result<Nowhere, Error> {
        Ok(Nowhere)
    }
}

/// What stands between a caller and a channel: an attempt is begun, an instance picked, and both are told the end.
fn balanced(cases: &mut impl Cases, name: &'static str) {
    let runtime = layout::single().expect("a descriptor is left");
    let addresses: Vec<String> = (0..INSTANCES).map(|n| format!("10.0.0.{n}:80")).collect();
    let fixed = Fixed::parse("bench", &addresses.join(",")).expect("good addresses");
    let endpointer = runtime.block_on(async {
        let endpointer = Endpointer::of(fixed.subscribe(), Nowhere).start().expect("the defaults are good");
        while endpointer.roster().candidates().len() < INSTANCES {
            tokio::task::yield_now().await;
        }
        endpointer
    });
    let increment = request_fn(async |routed: Routed<Arc<Nowhere>, u64>| Ok(black_box(routed.request).wrapping_add(1)));
    let endpoint = increment.layer(endpointer.layer(RoundRobin::new())).layer(RetryLayer::default());
    let now = Instant::now();
    cases.case(name, || {
        let mut cx = Context::at(now);
        cx.set_method(&UPPERCASE);
        let answer = black_box(&endpoint).call(&mut cx, black_box(1)).now_or_never().expect("nothing waits");
        assert!(matches!(answer, Ok(2)), "the wrong answer");
        cx.finish();
    });
}

fn pick_once(roster: &Roster, balancer: &impl Balancer, cx: &mut Context) {
    let pick = black_box(roster).pick(cx, balancer).expect("there are a hundred");
    black_box(pick.instance());
    let now = cx.now();
    pick.end(Outcome::Success, now);
}

/// The least that a set which is swapped can cost.
struct Swap {
    all: ArcSwap<Vec<Arc<Instance>>>,
    turn: AtomicUsize,
}

impl Swap {
    fn new() -> Self {
        let all = (0..INSTANCES).map(|n| Arc::new(Instance::new(format!("10.0.0.{n}:80")))).collect();
        Self { all: ArcSwap::from_pointee(all), turn: AtomicUsize::new(0) }
    }

    fn pick(&self) {
        let all = black_box(&self.all).load();
        black_box(&all[self.turn.fetch_add(1, Ordering::Relaxed) % all.len()]);
    }
}

fn tower() -> impl Service<u64, Response = u64> {
    let service = |_| {
        let service = service_fn(|n: u64| -> Ready<Result<u64, Infallible>> { ready(Ok(n.wrapping_add(1))) });
        Constant::new(service, 1u32)
    };
    Balance::new(ServiceList::new::<u64>((0..INSTANCES).map(service).collect::<Vec<_>>()))
}

/// It is told the end of a call when its service is ready again.
fn call(service: &mut impl Service<u64, Response = u64>) {
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(black_box(&mut *service).poll_ready(&mut task).is_ready(), "nothing waits");
    let answer = service.call(black_box(1)).now_or_never().expect("nothing waits");
    assert!(matches!(answer, Ok(2)), "the wrong answer");
}

/// Three servers, until the process ends.
fn serve() -> Vec<SocketAddr> {
    let (tell, told) = sync_channel::<io::Result<Vec<SocketAddr>>>(1);
    std::thread::spawn(move || {
        layout::single()?.block_on(async {
            let (mut addrs, mut all) = (Vec::new(), tokio::task::JoinSet::new());
            for _ in 0..SERVERS {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                addrs.push(listener.local_addr()?);
                all.spawn(servers::raw::serve(listener));
            }
            // Who asked may be gone.
            let _ = tell.send(Ok(addrs));
            while all.join_next().await.is_some() {}
            io::Result::Ok(())
        })
    });
    told.recv().expect("the thread tells").expect("ports are free")
}

fn whole<C: Caller>(cases: &mut impl Cases, name: &'static str, servers: &[SocketAddr]) {
    let runtime = layout::single().expect("a descriptor is left");
    let mut caller = runtime.block_on(async { C::open(servers).await?.own().await }).expect("the servers listen");
    cases.timed(name, || runtime.block_on(caller.call()).expect("an answer"));
}
