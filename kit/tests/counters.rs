//! Everything that kit drops, refuses, restarts, repeats or finds to be a bug has a counter on the page of `kit::observe`: each is
//! provoked here, and the registry and the page name the same.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use kit::circuit::breaker::throttle::ThrottleLayer;
use kit::circuit::breaker::{self, BreakerLayer};
use kit::circuit::budget::{self, Budget};
use kit::circuit::bulkhead::{self, BulkheadLayer};
use kit::circuit::cache::{self, CacheLayer};
use kit::circuit::chaos::{self, ChaosLayer};
use kit::circuit::fallback::{Failure, FallbackLayer};
use kit::circuit::hedge::{self, Delay, HedgeLayer};
use kit::circuit::idempotency::{self, IdempotencyLayer};
use kit::circuit::replicate::{self, ReplicateLayer};
use kit::circuit::retry::RetryLayer;
use kit::circuit::single_flight::SingleFlightLayer;
use kit::circuit::timeout::{self, DeadlineLayer, TimeoutLayer};
use kit::client::Client;
use kit::discovery::check::Check;
use kit::heartbeat::{Pulse, Restart, Steward};
use kit::http::server::{Config, Router, Server, json};
use kit::log::{Logger, Queue, Repeats};
use kit::metrics::statsd::Statsd;
use kit::metrics::{Backend, Registry, Reporter, Snapshot};
use kit::server::Stack;
use kit::{
    Channel, Context, Endpoint as _, Error, Factory, Instance, Layer as _, Method, Routed, endpoint_fn, observe,
    request_fn,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

static ECHO: Method = Method::new("tests", "echo").path("/echo").idempotent();

/// May not be called twice.
static READY: Method = Method::new("instances", "ready");

const PATIENCE: Duration = Duration::from_secs(20);
const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// What takes longer to provoke than a test should, each with the test in `kit-transport/src/http/server/host/tests` that does.
const ELSEWHERE: [&str; 5] = [
    "http_server_accept_errors_total",  // accept.rs
    "http_server_accept_pauses_total",  // accept.rs
    "http_server_aborted_total",        // ends.rs, slow.rs
    "http_server_aged_total",           // ends.rs
    "http_server_write_timeouts_total", // slow.rs
];

#[tokio::test]
async fn each_is_on_the_page_in_the_registry_and_rises_when_it_happens() {
    let metrics = Registry::new();
    let (log, _guard) = lost_lines();
    observe::register(&metrics, &log).unwrap();
    drop(Error::bug("raw"));
    refused_values(&metrics);
    exports(&metrics);
    restart(&metrics).await;
    retries(&metrics).await;
    breaker_and_bulkhead(&metrics).await;
    throttle_and_deadline(&metrics).await;
    limits(&metrics).await;
    hedges_and_replicas_within_a_budget(&metrics).await;
    fallbacks_and_faults(&metrics).await;
    caches(&metrics).await;
    flights(&metrics).await;
    idempotency_keys(&metrics).await;
    calls(&metrics).await;
    timeout(PATIENCE, instances(&metrics)).await.expect("instances come, fail and go");
    server(&metrics).await;

    let ours = |name: &str| (name.starts_with("kit_") || name.starts_with("http_server_")) && name.ends_with("_total");
    let page: BTreeSet<&str> = include_str!("../src/observe/mod.rs").split('`').filter(|name| ours(name)).collect();
    let snapshot = metrics.snapshot();
    let all = || snapshot.families().iter().map(|family| family.name()).filter(|name| ours(name));
    let registry: BTreeSet<&str> = all().collect();
    assert_eq!(registry, page);
    let text = kit::metrics::expvar_json(&metrics);
    let never: Vec<_> = all().filter(|name| !ELSEWHERE.contains(name) && !rose(&text, name)).collect();
    assert!(never.is_empty(), "not provoked: {never:?}");
}

/// Whether a series of this name is above zero.
fn rose(json: &str, name: &str) -> bool {
    let all: serde_json::Value = serde_json::from_str(json).unwrap();
    match &all[name] {
        serde_json::Value::Object(series) => series.values().any(|value| value.as_f64().unwrap() > 0.0),
        value => value.as_f64().unwrap() > 0.0,
    }
}

/// A writer that is shut until it is opened, and then refuses.
#[derive(Clone, Default)]
struct Shut(Arc<(Mutex<bool>, Condvar)>);

impl Write for Shut {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        let (open, changed) = &*self.0;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines that are cut, held back, dropped and refused.
fn lost_lines() -> (Logger, kit::log::Guard) {
    let shut = Shut::default();
    let config = kit::log::Config {
        line_max: 512,
        repeats: Some(Repeats { lines: 1_000, window: Duration::from_secs(3_600) }),
        queue: Some(Queue { bytes: 65_536, ..Queue::default() }),
        ..kit::log::Config::default()
    };
    let (log, guard) = config.start(shut.clone()).unwrap();
    for _ in 0..1_001 {
        kit::log::info!(log, "too long"; "text" => "x".repeat(1_000));
    }
    *shut.0.0.lock().unwrap() = true;
    shut.0.1.notify_all();
    // Refused lines are done with too.
    let _ = log.flush();
    (log, guard)
}

fn refused_values(metrics: &Registry) {
    let family = metrics.counter("tests_total", "Tests").limit(1).labels(["name"]).unwrap();
    family.with(["a\nb"]).unwrap().add_f64(f64::NAN);
    family.with(["past the limit"]).unwrap().inc();
    metrics.gauge_fn("tests_panics", "Panics", || std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
    // A panic is counted in the snapshot after it.
    drop(metrics.snapshot());
}

struct Fails;
struct Panics;

impl Backend for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    fn export(&mut self, _: &Snapshot) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }
}

impl Backend for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }

    fn export(&mut self, _: &Snapshot) -> io::Result<()> {
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

/// Backends that fail, panic, and send what they can.
fn exports(metrics: &Registry) {
    metrics.gauge("tests_level", "Neither sent nor a number").unlabelled().unwrap().set(f64::NAN);
    let daemon = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let statsd = Statsd::udp(daemon.local_addr().unwrap().to_string()).build(metrics).unwrap();
    let hour = Duration::from_secs(3_600);
    for reporter in [
        Reporter::start(metrics, hour, Fails).unwrap(),
        Reporter::start(metrics, hour, Panics).unwrap(),
        Reporter::start(metrics, hour, statsd).unwrap(),
    ] {
        assert!(reporter.shutdown(PATIENCE));
    }
}

async fn restart(metrics: &Registry) {
    let told = observe::restarts(metrics, &Logger::discard()).unwrap();
    let soon = Restart { pause: Duration::from_millis(1), ..Restart::default() };
    let (again, mut started) = tokio::sync::mpsc::channel(1);
    let steward = Steward::of("poller").restart(soon).observer(told).start(move |pulse: Pulse| {
        let again = again.clone();
        async move {
            pulse.unit();
            let _ = again.send(()).await;
            Ok(())
        }
    });
    for _ in 0..2 {
        timeout(PATIENCE, started.recv()).await.expect("it starts again").unwrap();
    }
    drop(steward.unwrap());
    let restarts = metrics.snapshot().value("kit_restarts_total", &[("steward", "poller")]);
    assert!(restarts.is_some_and(|restarts| restarts >= 1.0), "{restarts:?}");
}

async fn retries(metrics: &Registry) {
    let retry = RetryLayer::default();
    observe::retries(metrics, "tests", &retry.handle()).unwrap();
    let endpoint = retry.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("no"))));
    let mut cx = Context::new();
    cx.set_method(&ECHO);
    assert!(endpoint.call(&mut cx, ()).await.is_err());
    let mut repeat = Context::new();
    repeat.set_method(&ECHO);
    repeat.attempts_mut().set_number(1);
    assert!(endpoint.call(&mut repeat, ()).await.is_err());
}

fn context() -> Context {
    let mut cx = Context::new();
    cx.set_method(&ECHO);
    cx
}

async fn breaker_and_bulkhead(metrics: &Registry) {
    let config = breaker::Config { consecutive: Some(1), ..breaker::Config::default() };
    let breaker = BreakerLayer::new(config).unwrap();
    observe::breaker(metrics, "tests", &breaker.handle()).unwrap();
    let state = |state| metrics.snapshot().value("kit_breaker_state", &[("client", "tests"), ("state", state)]);
    assert_eq!((state("closed"), state("open")), (Some(1.0), Some(0.0)));
    let endpoint = breaker.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("down"))));
    for _ in 0..2 {
        assert!(endpoint.call(&mut context(), ()).await.is_err());
    }
    assert_eq!((state("closed"), state("open")), (Some(0.0), Some(1.0)));

    let one = BulkheadLayer::new(bulkhead::Config { max: 1, queue: 0, max_wait: None }).unwrap();
    observe::bulkhead(metrics, "tests", &one.handle()).unwrap();
    let endpoint = one.layer(request_fn(async |()| {
        sleep(MS).await;
        Ok(())
    }));
    let (mut first, mut second) = (context(), context());
    let (first, second) = tokio::join!(endpoint.call(&mut first, ()), endpoint.call(&mut second, ()));
    assert!(first.is_ok() && second.is_err());
}

async fn throttle_and_deadline(metrics: &Registry) {
    let throttle = ThrottleLayer::default();
    observe::throttle(metrics, "tests", &throttle.handle()).unwrap();
    let rejecting = throttle.layer(request_fn(async |()| Err::<(), _>(Error::unavailable("down"))));
    for _ in 0..500 {
        assert!(rejecting.call(&mut context(), ()).await.is_err());
    }

    let deadline = DeadlineLayer::default();
    observe::deadlines(metrics, "tests", &deadline.handle()).unwrap();
    let (mut cx, endpoint) = (context(), deadline.layer(request_fn(async |()| Ok(()))));
    let now = cx.now();
    assert!(endpoint.call(&mut cx.scope(Some(now)), ()).await.is_err());
}

async fn limits(metrics: &Registry) {
    let deadline = DeadlineLayer::new(timeout::Config { max: Some(MS), default: Some(MS) }).unwrap();
    let limit = TimeoutLayer::new(MS).unwrap();
    observe::deadlines(metrics, "of a call", &deadline.handle()).unwrap();
    observe::timeouts(metrics, "tests", &limit.handle()).unwrap();
    let hangs = || request_fn(async |()| std::future::pending::<Result<(), Error>>().await);
    assert!(deadline.layer(hangs()).call(&mut context(), ()).await.is_err());
    assert!(limit.layer(hangs()).call(&mut context(), ()).await.is_err());
}

/// A budget of one repeat in all.
fn one_repeat() -> Budget {
    let limit = Budget::new(budget::Config { ratio: 1.0, per_second: 0, ..budget::Config::default() }).unwrap();
    limit.call(tokio::time::Instant::now());
    limit
}

async fn hedges_and_replicas_within_a_budget(metrics: &Registry) {
    let at_once = Delay::Fixed(MS);
    let config = hedge::Config { delay: at_once, ratio: 0.0, per_second: 10, ..hedge::Config::default() };
    let hedge = HedgeLayer::new(config).unwrap();
    let limit = one_repeat();
    observe::hedges(metrics, "tests", &hedge.handle()).unwrap();
    observe::budget(metrics, "tests", &limit).unwrap();
    let endpoint = hedge.budget(&limit).layer(kit::endpoint_fn(async |cx, ()| {
        let first = cx.attempts().number() == 0;
        sleep(if first { 100 * MS } else { MS }).await;
        Ok(())
    }));
    for _ in 0..2 {
        endpoint.call(&mut context(), ()).await.unwrap();
    }

    let config = replicate::Config { copies: 2, ratio: 1.0, per_second: 10 };
    let replicate = ReplicateLayer::new(config).unwrap().budget(&one_repeat());
    observe::replicas(metrics, "tests", &replicate.handle()).unwrap();
    let endpoint = replicate.layer(request_fn(async |()| Ok(())));
    for _ in 0..2 {
        endpoint.call(&mut context(), ()).await.unwrap();
    }
}

async fn fallbacks_and_faults(metrics: &Registry) {
    let faults = chaos::Config { enabled: true, error: 1.0, ..chaos::Config::default() };
    let faults = ChaosLayer::new(faults).unwrap().arm();
    observe::chaos(metrics, "tests", &faults.handle()).unwrap();
    let fails = request_fn(async |_: Failure<()>| Err::<(), _>(Error::unavailable("no")));
    let fallback = FallbackLayer::new(Default::default(), fails).unwrap();
    observe::fallbacks(metrics, "tests", &fallback.handle()).unwrap();
    let endpoint = fallback.layer(faults.layer(request_fn(async |()| Ok(()))));
    assert!(endpoint.call(&mut context(), ()).await.is_err());
}

/// A channel that is nothing but the id of its instance.
struct Line(Arc<str>);

impl Channel for Line {
    async fn close(&self) {}
}

struct Lines;

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, instance: &Instance) -> Result<Line, Error> {
        Ok(Line(Arc::clone(&instance.id)))
    }
}

/// One of the instances does not pass.
struct NotC;

impl Check<Line> for NotC {
    async fn check(&self, _instance: &Instance, channel: &Line) -> Result<(), Error> {
        if &*channel.0 == "c:1" { Err(Error::unavailable("sick")) } else { Ok(()) }
    }
}

/// Two instances that fail, of which one may be ejected; one that is sick; a call that hangs when all of them go.
async fn instances(metrics: &Registry) {
    let services = kit::discovery::testing::memory::Registry::new();
    let listed = services.instancer("instances").start().unwrap();
    let mut config = kit::client::Config::default();
    config.endpointer.drain = Duration::ZERO;
    config.endpointer.policy.empty_grace = Duration::ZERO;
    let client = Client::over(listed, Lines).config(config).check(NotC).start(&Logger::discard(), metrics).unwrap();
    let call = endpoint_fn(async |_cx, routed: Routed<Arc<Line>, bool>| match routed.request {
        true => std::future::pending().await,
        false => Err::<(), _>(Error::unavailable("down")),
    });
    let (call, breakers) = (Arc::new(client.endpoint(&READY, call)), client.breakers().clone());
    assert!(call.call(&mut Context::new(), false).await.is_err(), "nobody is known");
    services.set("instances", ["a:1", "b:1", "c:1"].map(Instance::new));
    let rises = async |name: &str, least: f64| {
        let label = if name.starts_with("kit_discovery_") { "service" } else { "client" };
        let rose = async {
            while metrics.snapshot().value(name, &[(label, "instances")]).unwrap() < least {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, rose).await.unwrap_or_else(|_| panic!("{name} stays below {least}"));
    };
    rises("kit_client_channels_made_total", 3.0).await;
    rises("kit_client_checks_failed_total", 1.0).await;
    let spared = || metrics.snapshot().value("kit_client_ejections_spared_total", &[("client", "instances")]).unwrap();
    while spared() < 1.0 {
        assert!(call.call(&mut Context::new(), false).await.is_err());
        tokio::task::yield_now().await;
        ["a:1", "b:1"].into_iter().filter_map(|id| breakers.get(&id.into())).for_each(|breaker| breaker.reset());
    }
    let hung = tokio::spawn({
        let call = Arc::clone(&call);
        async move { call.call(&mut Context::new(), true).await }
    });
    while client.endpointer().explain().instances.iter().all(|instance| instance.in_flight == 0) {
        tokio::task::yield_now().await;
    }
    services.set("instances", []);
    rises("kit_client_calls_cut_total", 1.0).await;
    hung.abort();
    rises("kit_discovery_empty_answers_total", 1.0).await;
    services.garble("instances", "nobody's address");
    rises("kit_discovery_skipped_total", 1.0).await;
    services.fail(Error::unavailable("the registry is down"));
    rises("kit_discovery_failures_total", 1.0).await;
}

async fn caches(metrics: &Registry) {
    let config =
        cache::Config { max_entries: 8, ttl: MS, jitter: 0.0, stale_on_error: Some(HOUR), ..cache::Config::default() };
    let layer = CacheLayer::new(config, |_: &Context, id: &u32| (*id > 0).then_some(*id)).unwrap();
    let (cache, down) = (layer.handle(), Arc::new(AtomicBool::new(false)));
    observe::cache(metrics, "tests", &cache).unwrap();
    let backend = (cache.clone(), Arc::clone(&down));
    let endpoint = layer.layer(kit::endpoint_with(backend, async |(cache, down), _cx, id: u32| {
        if id == 1 {
            cache.remove(&id);
        }
        if down.load(Ordering::Relaxed) { Err(Error::unavailable("down")) } else { Ok(id) }
    }));
    // Without a key; removed while it is asked for; an old answer in the place of a failure, and while a refresh fails.
    for id in [0, 1, 7] {
        assert_eq!(endpoint.call(&mut context(), id).await.unwrap(), id);
    }
    sleep(5 * MS).await;
    down.store(true, Ordering::Relaxed);
    assert_eq!(endpoint.call(&mut context(), 7).await.unwrap(), 7);
    cache.set(cache::Config { stale_while_refresh: Some(HOUR), ..config }).unwrap();
    assert_eq!(endpoint.call(&mut context(), 7).await.unwrap(), 7);
    let refreshed = async {
        while cache.stats().refreshes.failed == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refreshed).await.expect("a refresh that fails");
    // More than there is room for.
    down.store(false, Ordering::Relaxed);
    for id in 10..100 {
        endpoint.call(&mut context(), id).await.unwrap();
    }
}

async fn flights(metrics: &Registry) {
    let layer = SingleFlightLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id)).unwrap();
    observe::flights(metrics, "tests", &layer.handle()).unwrap();
    let endpoint = layer.layer(request_fn(async |id: u32| {
        sleep(if id == 3 { HOUR } else { MS }).await;
        if id == 2 { Err(Error::unavailable("down")) } else { Ok(id) }
    }));
    let (mut first, mut second) = (context(), context());
    let (first, second) = tokio::join!(endpoint.call(&mut first, 1), endpoint.call(&mut second, 1));
    assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
    assert!(endpoint.call(&mut context(), 2).await.is_err());
    assert!(timeout(MS, endpoint.call(&mut context(), 3)).await.is_err());
}

async fn idempotency_keys(metrics: &Registry) {
    let config = idempotency::Config { max_entries: 1, required: true, ..idempotency::Config::default() };
    // The tens are the key, the request is all of it.
    let layer = IdempotencyLayer::new(config, |_: &Context, id: &u32| (*id > 9).then_some(*id / 10)).unwrap();
    let layer = layer.fingerprint(|id| u64::from(*id));
    observe::idempotency(metrics, "tests", &layer.handle()).unwrap();
    let endpoint =
        layer.layer(request_fn(async |id: u32| if id == 21 { Err(Error::unavailable("down")) } else { Ok(id) }));
    for (id, answered) in [(11, true), (11, true), (12, false), (1, false), (21, false)] {
        assert_eq!(endpoint.call(&mut context(), id).await.is_ok(), answered, "{id}");
    }
    let refused =
        |why| metrics.snapshot().value("kit_idempotency_refused_total", &[("operation", "tests"), ("why", why)]);
    assert_eq!((refused("missing"), refused("reused")), (Some(1.0), Some(1.0)));
}

/// Calls on both sides that a fallback answers.
async fn calls(metrics: &Registry) {
    use kit::metrics::red::RedLayer;

    for red in [RedLayer::client(metrics).unwrap(), RedLayer::server(metrics).unwrap()] {
        let instead = request_fn(async |_: Failure<()>| Ok(()));
        let fallback = FallbackLayer::new(Default::default(), instead).unwrap();
        let down = request_fn(async |()| Err::<(), _>(Error::unavailable("down")));
        red.layer(fallback.layer(down)).call(&mut context(), ()).await.unwrap();
    }
}

async fn server(metrics: &Registry) {
    let soon = Duration::from_millis(50);
    let mut config = Config::default();
    (config.header_timeout, config.body_timeout, config.idle_timeout) = (soon, soon, soon);
    config.max_in_flight = 1;
    let http = Server::new(config).unwrap();
    observe::server(metrics, &http.stats()).unwrap();
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let echo = kit::endpoint_with(entered, async |entered, _cx, text: String| {
        if text == "wait" {
            let _ = entered.send(()).await;
            std::future::pending::<()>().await;
        }
        Ok(text)
    });
    let stack = Stack::new(&Logger::discard(), metrics).unwrap();
    let service = Router::with(stack).post(&ECHO, json(echo)).build().unwrap();
    let bound = http.bind("127.0.0.1:0").await.unwrap();
    let addr = bound.local_addr();
    let serving = tokio::spawn(bound.serve(service, std::future::pending()));

    let get = |headers: &str| format!("GET /echo HTTP/1.1\r\n{headers}\r\n");
    for request in [
        get(&format!("host: a\r\nx: {}\r\n", "x".repeat(40_000))),
        get(&format!("host: a\r\n{}", "x: y\r\n".repeat(200))),
        format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(10_000)),
        "GET a HTTP/1.1\r\nhost: a\r\n\r\n".into(),
        "GET /echo HTTP/1.1\nhost: a\r\n\r\n".into(),
        get(""),
        get("host: a\r\nhost: a\r\n"),
        get("host: a b\r\n"),
        "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n".into(),
        get("host: a\r\ncontent-length: 5\r\ncontent-length: 5\r\n"),
        get("host: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n"),
        get("host: a\r\ntransfer-encoding: gzip\r\n"),
        get("host: a\r\nauthorization: a\r\nauthorization: b\r\n"),
        // No HTTP; a head and a body that do not come; one good call, after which nothing comes.
        "\u{1}\u{2}\u{3}\r\n\r\n".into(),
        "GET /echo HTT".into(),
        post("\"a").replace("content-length: 2", "content-length: 9"),
        post("\"a\""),
    ] {
        ended(addr, &request).await;
    }
    // One call is in flight, and another comes.
    let mut first = TcpStream::connect(addr).await.unwrap();
    first.write_all(post("\"wait\"").as_bytes()).await.unwrap();
    timeout(PATIENCE, inside.recv()).await.expect("it is in flight").unwrap();
    ended(addr, &post("\"a\"")).await;
    drop(first);
    serving.abort();
}

fn post(body: &str) -> String {
    let len = body.len();
    format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}")
}

/// Sends this, and waits until the server closes the connection.
async fn ended(addr: SocketAddr, request: &str) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    // What is refused may not be read to its end.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "it stays open after {:?}", &request[..request.len().min(60)]);
}
