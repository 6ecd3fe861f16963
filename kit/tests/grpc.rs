//! gRPC within the pooled client: two instances, of which the calls to one fail.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kit::circuit::hedge::{self, Delay, HedgeLayer};
use kit::client::{BalancedSlots, Client, Config, slot};
use kit::discovery::Fixed;
use kit::discovery::balance::RoundRobin;
use kit::grpc::{self, Messages};
use kit::http::client::Channel;
use kit::http::server::{Router, Server};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{Attempts, Code, Context, Endpoint as _, Error, Kind, Method, Outcome, Streaming, endpoint_with};
use kit_core::task::Owned;
use tokio::time::timeout;

static READ: Method = Method::new("letters.Letters", "Read").idempotent();
static WRITE: Method = Method::new("letters.Letters", "Write");
static LIST: Method = Method::new("letters.Letters", "List").kind(Kind::ServerStream);
static COUNT: Method = Method::new("letters.Letters", "Count").kind(Kind::ClientStream);
static ECHO: Method = Method::new("letters.Letters", "Echo").kind(Kind::Bidi);

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(uint64, tag = "1")]
    v: u64,
}

/// Longer than any of this takes; a lost answer fails the test.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<T>(coming: impl Future<Output = T>) -> T {
    timeout(PATIENCE, coming).await.expect("it never came")
}

/// How an instance answers.
#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Fails,
    Hangs,
}

/// One instance, with what was asked of it.
#[derive(Clone, Default)]
struct Letters(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    mood: Mood,
    asked: Vec<u64>,
    /// Which attempts it was told that they are.
    attempts: Vec<Option<String>>,
    dropped: usize,
}

impl Letters {
    fn set(&self, mood: Mood) {
        self.0.lock().unwrap().mood = mood;
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked.len()
    }

    fn hanging(&self) -> usize {
        let state = self.0.lock().unwrap();
        state.asked.len() - state.dropped
    }

    async fn read(&self, cx: &Context, number: Number) -> Result<Number, Error> {
        let mood = {
            let mut state = self.0.lock().unwrap();
            state.asked.push(number.v);
            state.attempts.push(cx.inbound().get(Attempts::PREVIOUS).map(str::to_owned));
            state.mood
        };
        match mood {
            Mood::Well => Ok(number),
            Mood::Fails => Err(Error::unavailable("the disk is full").with_reason("disk_full")),
            Mood::Hangs => {
                let _dropped = Dropped(self.clone());
                std::future::pending().await
            }
        }
    }
}

/// Told when a call that hangs is given up.
struct Dropped(Letters);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().dropped += 1;
    }
}

/// The instance, its address, and what serves it.
async fn serve() -> (Letters, String, Owned<()>) {
    let letters = Letters::default();
    let read = || endpoint_with(letters.clone(), async |letters, cx, number: Number| letters.read(cx, number).await);
    // Fails in the middle of the stream, after its first message.
    let list = endpoint_with(letters.clone(), async |letters, cx, number: Number| {
        let first = letters.0.lock().unwrap().mood == Mood::Fails;
        letters.0.lock().unwrap().asked.push(number.v);
        let numbers = (0..number.v).map(move |v| match v {
            1 if first => Err(Error::unavailable("the disk is full").with_reason("disk_full")),
            v => Ok(Number { v }),
        });
        Ok(Streaming::new(cx, stream::iter(numbers)))
    });
    let count = endpoint_with((), async |(), _cx, mut numbers: Messages<Number>| {
        let mut v = 0;
        while let Some(number) = numbers.next().await {
            v += number?.v;
        }
        Ok(Number { v })
    });
    let echo = endpoint_with((), async |(), cx, numbers: Messages<Number>| Ok(Streaming::new(cx, numbers)));
    let service = Router::new()
        .grpc(&READ, grpc::server::unary(read()))
        .grpc(&WRITE, grpc::server::unary(read()))
        .grpc(&LIST, grpc::server::server_stream(list))
        .grpc(&COUNT, grpc::server::client_stream(count))
        .grpc(&ECHO, grpc::server::bidi_stream(echo))
        .build()
        .unwrap();
    let bound = Server::new(Default::default()).unwrap().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    let serving = Owned::spawn(async move {
        let _ended = bound.serve(service, std::future::pending()).await;
    });
    (letters, address, serving)
}

fn settings() -> Config {
    let mut config = Config::default();
    config.connections.http2_only = true;
    // Nothing leaves anybody out but what a test is about.
    config.endpointer.balance.ejection.max_share = 0.0;
    config.endpointer.balance.slow_start = Duration::ZERO;
    config
}

/// In turns, over these two.
async fn client(a: &str, b: &str) -> Client<Channel, BalancedSlots<Channel, RoundRobin>> {
    let source = Fixed::parse("letters", &format!("{a},{b}")).unwrap();
    let client = Client::builder(source).config(settings()).balancer(RoundRobin::new());
    let client = client.start(&Logger::discard(), &Registry::new()).unwrap();
    client.ready().await.unwrap();
    client
}

#[tokio::test]
async fn calls_are_balanced_and_a_failed_one_that_may_run_twice_is_made_elsewhere() {
    let ((a, at_a, _a), (b, at_b, _b)) = (serve().await, serve().await);
    let client = client(&at_a, &at_b).await;
    let read = client.endpoint(&READ, grpc::client::unary::<Number>(&READ));
    for v in 0..10 {
        assert_eq!(soon(read.call(&mut Context::new(), Number { v })).await.unwrap().v, v);
    }
    assert_eq!((a.asked(), b.asked()), (5, 5));

    a.set(Mood::Fails);
    for v in 10..14 {
        assert_eq!(soon(read.call(&mut Context::new(), Number { v })).await.unwrap().v, v);
    }
    // What was tried at a first says at b that it is the second.
    let repeated = b.0.lock().unwrap().attempts.iter().flatten().cloned().collect::<Vec<_>>();
    assert!(!repeated.is_empty() && repeated.iter().all(|attempt| attempt == "1"), "{repeated:?}");

    // One that may not is not, and says what the instance said.
    let write = client.endpoint(&WRITE, grpc::client::unary::<Number>(&WRITE));
    let mut failed = Vec::new();
    for v in 20..22 {
        failed.extend(soon(write.call(&mut Context::new(), Number { v })).await.err());
    }
    let told: BTreeMap<_, _> = failed.iter().map(|error| (error.code(), error.reason())).collect();
    assert_eq!((failed.len(), told), (1, BTreeMap::from([(Code::Unavailable, Some("disk_full"))])));
    client.close().await;
}

#[tokio::test]
async fn a_stream_that_fails_in_its_middle_counts_against_its_instance() {
    let ((a, at_a, _a), (b, at_b, _b)) = (serve().await, serve().await);
    let client = client(&at_a, &at_b).await;
    a.set(Mood::Fails);
    let list = client.endpoint(&LIST, grpc::client::server_stream::<Number>(&LIST));
    let mut failed = 0;
    for _ in 0..30 {
        let stream = soon(list.call(&mut Context::new(), Number { v: 3 })).await.unwrap();
        let messages: Vec<_> = soon(stream.collect()).await;
        let messages: Result<Vec<Number>, Error> = messages.into_iter().collect();
        match messages {
            Ok(messages) => assert_eq!(messages.len(), 3),
            Err(error) => {
                assert_eq!((error.code(), error.reason()), (Code::Unavailable, Some("disk_full")));
                failed += 1;
            }
        }
    }
    assert_eq!((failed, a.asked(), b.asked()), (5, 5, 25), "after five in a row its breaker is open");
    client.close().await;
}

#[tokio::test]
async fn a_stream_of_requests_goes_through_a_stack_without_retry() {
    let ((_, at_a, _a), (_, at_b, _b)) = (serve().await, serve().await);
    let client = client(&at_a, &at_b).await.remove(slot::Retry);
    let count = client.endpoint(&COUNT, grpc::client::client_stream::<Number>(&COUNT));
    let echo = client.endpoint(&ECHO, grpc::client::bidi_stream::<Number>(&ECHO));
    for _ in 0..4 {
        let numbers = || Messages::new(stream::iter((1..=4).map(|v| Ok(Number { v }))));
        assert_eq!(soon(count.call(&mut Context::new(), numbers())).await.unwrap().v, 10);
        let echoed = soon(echo.call(&mut Context::new(), numbers())).await.unwrap();
        let echoed: Vec<u64> = soon(echoed.map(|number| number.unwrap().v).collect()).await;
        assert_eq!(echoed, [1, 2, 3, 4]);
    }
    client.close().await;
}

#[tokio::test]
async fn a_hedge_wins_at_another_instance_and_the_loser_is_told() {
    let ((a, at_a, _a), (_, at_b, _b)) = (serve().await, serve().await);
    let client = client(&at_a, &at_b).await;
    a.set(Mood::Hangs);
    let delay = Delay::Fixed(Duration::from_millis(20));
    let hedge = HedgeLayer::new(hedge::Config { delay, per_second: 100, ..Default::default() }).unwrap();
    let client = client.replace(slot::Hedge, hedge);
    let read = client.endpoint(&READ, grpc::client::unary::<Number>(&READ));
    for v in 0..4 {
        let mut cx = Context::new();
        let result = soon(read.call(&mut cx, Number { v })).await;
        assert_eq!(cx.outcome_of(&result), Outcome::Success);
    }
    assert!(client.get(slot::Hedge).handle().stats().sent >= 1);
    // The streams of those that lost were reset, so that their calls are over there too.
    let told = async {
        while a.hanging() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(told).await;
    assert!(a.asked() >= 1, "one of the first went there");
    client.close().await;
}
