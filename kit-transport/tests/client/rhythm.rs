//! A server closes unused connections just when the next call comes. Its own ledger tells what ran.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Child, Context, Endpoint as _, Error, Method, Retry, endpoint_with};
use kit_transport::codec::Json;
use kit_transport::http::client::{self, Binding, Client, Target};
use kit_transport::http::server::{self, Router, Server, Stats};
use tokio::task::JoinHandle;
use tokio::time::{advance, timeout};

use crate::support::Clock;

static ONCE: Method = Method::new("ledger", "once").path("/once");
static TWICE: Method = Method::new("ledger", "twice").path("/twice").idempotent();

/// How often each number ran.
type Ledger = Arc<Mutex<HashMap<u64, u32>>>;

type Entry = Child<Binding<u64, u64, Json>>;

struct Book {
    ledger: Ledger,
    stats: Stats,
    once: Entry,
    twice: Entry,
    serving: JoinHandle<()>,
}

impl Drop for Book {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Book {
    /// A server that closes what is unused for `idle` or a tenth less, and a client that would keep it for an hour.
    async fn open(idle: Duration, http2: bool) -> Self {
        let ledger = Ledger::default();
        let write = || {
            server::json(endpoint_with(Arc::clone(&ledger), async |ledger, _cx, number: u64| {
                *ledger.lock().unwrap().entry(number).or_default() += 1;
                Ok::<_, Error>(number)
            }))
        };
        let service = Router::new().post(&ONCE, write()).post(&TWICE, write()).build().unwrap();
        let mut config = server::Config::default();
        config.idle_timeout = idle;
        let server = Server::new(config).unwrap();
        let stats = server.stats();
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let target: Target = format!("http://{}", bound.local_addr()).parse().unwrap();
        let serving = tokio::spawn(async move {
            bound.serve(service, std::future::pending()).await;
        });
        let hour = Duration::from_secs(3_600);
        let client = client::Config { idle_timeout: hour, http2_only: http2, ..client::Config::default() };
        let client = Client::new(client).unwrap();
        let once = client.post(&ONCE, &target, Json).endpoint().unwrap();
        let twice = client.post(&TWICE, &target, Json).endpoint().unwrap();
        Self { ledger, stats, once, twice, serving }
    }

    async fn call(&self, number: u64, twice: bool) -> Result<u64, Error> {
        let entry = if twice { &self.twice } else { &self.once };
        timeout(Duration::from_secs(30), entry.call(&mut Context::new(), number)).await.expect("an end")
    }

    fn ran(&self, number: u64) -> u32 {
        self.ledger.lock().unwrap().get(&number).copied().unwrap_or_default()
    }
}

/// Every moment of the last tenth, and after it every turn of the runtime, in which server and client do a step each.
#[tokio::test(start_paused = true)]
async fn a_call_in_any_moment_of_the_close_is_answered_and_runs_once() {
    const CALLS: u64 = 600;
    let _clock = Clock::hold();
    for (http2, twice) in [(false, false), (false, true), (true, false), (true, true)] {
        let book = Book::open(Duration::from_secs(1), http2).await;
        // An HTTP/2 connection is looked at when its time may be over: it is closed when it is found unused twice.
        let span = if http2 { 1_200 } else { 110 };
        for number in 0..CALLS {
            let answer = book.call(number, twice).await;
            assert_eq!(
                answer.map_err(|error| format!("{:?}", error.report())),
                Ok(number),
                "http2: {http2}, twice: {twice}"
            );
            assert_eq!(book.ran(number), 1);
            // Connections have their own ends within that tenth: a moment that leaps about meets all of them.
            advance(Duration::from_millis(900 + number * 37 % span)).await;
            for _ in 0..number % 12 {
                tokio::task::yield_now().await;
            }
        }
        let connections = book.stats.accepted();
        // Closed at times, kept at others.
        assert!((CALLS / 20..CALLS).contains(&connections), "http2: {http2}: {connections}");
    }
}

/// The same with two threads and the real clock, where a close and a request may cross on the wire: then, and only then, a call that
/// may not run twice fails, says that it may have run, and did not run twice. HTTP/1.1 alone: HTTP/2 has GOAWAY for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_crosses_the_close_on_the_wire_says_so_and_never_runs_twice() {
    const CALLS: u64 = 2_000;
    for twice in [false, true] {
        let book = Book::open(Duration::from_millis(1), false).await;
        let mut crossed = 0;
        for number in 0..CALLS {
            match book.call(number, twice).await {
                Ok(_) => assert!(book.ran(number) == 1 || twice),
                Err(error) => {
                    assert!(!twice, "lost: {error:?}");
                    assert_eq!(
                        (error.reason(), error.retry()),
                        (Some("connection_lost"), Retry::MayHaveRun),
                        "{error:?}"
                    );
                    assert!(book.ran(number) <= 1);
                    crossed += 1;
                }
            }
            for _ in 0..number % 64 {
                tokio::task::yield_now().await;
            }
        }
        assert!(book.stats.accepted() > 10, "the server closes connections");
        assert!(crossed <= CALLS / 10, "{crossed} of {CALLS}");
    }
}
