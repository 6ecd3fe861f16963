//! The rules, by subject. Time stands still until a test moves it.

mod closed;
mod config;
mod half_open;
mod handle;
mod many;
mod model;
mod open_time;
mod outcomes;
mod windows;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Code, Context, Endpoint, Error, Layer as _, Outcome, Retry, endpoint_with};
use tokio::time::{Instant, advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// How an inner call is to end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Reply,
    Fail,
    /// The backend says when to come back.
    FailUntil(Duration),
    Business,
    Rejected,
    /// A reply that takes this long.
    After(Duration),
    FailAfter(Duration),
    Hang,
    Panic,
}

use Ending::*;

/// One breaker, and a backend that ends calls as it is told.
struct Play<E> {
    endpoint: E,
    breaker: Handle,
    reached: Arc<AtomicU32>,
    events: Arc<Mutex<Vec<Event>>>,
}

fn play(config: Config) -> Play<impl Endpoint<Ending, Response = &'static str>> {
    play_with(BreakerLayer::new(config).unwrap())
}

fn play_with(layer: BreakerLayer) -> Play<impl Endpoint<Ending, Response = &'static str>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let layer = layer.observe(move |event: &Event| heard.lock().unwrap().push(event.clone()));
    let layer = layer.random(SeededRandom::new(1)).named("backend");
    let reached = Arc::new(AtomicU32::new(0));
    let (breaker, endpoint) = (layer.handle(), layer.layer(backend(Arc::clone(&reached))));
    Play { endpoint, breaker, reached, events }
}

fn backend(reached: Arc<AtomicU32>) -> impl Endpoint<Ending, Response = &'static str> {
    endpoint_with(reached, async |reached, cx, ending| {
        reached.fetch_add(1, Ordering::Relaxed);
        match ending {
            Reply => Ok("done"),
            Fail => Err(Error::unavailable("down")),
            FailUntil(pause) => Err(Error::unavailable("busy").with_retry(Retry::After(pause))),
            Business => Err(Error::not_found("no such row")),
            Rejected => Err(Error::unavailable("full").with_outcome(Outcome::Rejected)),
            After(wait) => {
                sleep(wait).await;
                cx.stamp();
                Ok("done at last")
            }
            FailAfter(wait) => {
                sleep(wait).await;
                cx.stamp();
                Err(Error::unavailable("down"))
            }
            Hang => std::future::pending().await,
            Panic => panic!("the inner call was told to panic"),
        }
    })
}

impl<E: Endpoint<Ending, Response = &'static str>> Play<E> {
    async fn call(&self, ending: Ending) -> Result<&'static str, Error> {
        self.endpoint.call(&mut Context::new(), ending).await
    }

    /// Each of these reaches the backend.
    async fn pass(&self, endings: &[Ending]) {
        for &ending in endings {
            let before = self.reached();
            let _ = self.call(ending).await;
            assert_eq!(self.reached(), before + 1, "{ending:?} was refused: {:?}", self.breaker.status());
        }
    }

    /// A call that is refused.
    async fn refused(&self) -> Open {
        let before = self.reached();
        let error = self.call(Reply).await.unwrap_err();
        assert_eq!((error.code(), error.outcome(), error.retry()), (Code::Unavailable, Outcome::Rejected, Retry::Safe));
        assert_eq!(self.reached(), before, "a refused call reaches nobody");
        *error.cause::<Open>().expect("an Open cause")
    }

    fn reached(&self) -> u32 {
        self.reached.load(Ordering::Relaxed)
    }

    /// The states it has changed to, in order.
    fn changes(&self) -> Vec<State> {
        let events = self.events.lock().unwrap();
        let to = events.iter().filter_map(|event| match event {
            Event::Changed { to, .. } => Some(*to),
            _ => None,
        });
        to.collect()
    }

    #[track_caller]
    fn assert_counts(&self, ok: u64, failed: u64, cancelled: u64, refused: u64) {
        let counts = self.breaker.stats();
        assert_eq!((counts.ok, counts.failed, counts.cancelled, counts.refused), (ok, failed, cancelled, refused));
        assert_eq!(counts.admitted, ok + failed + cancelled);
    }
}

/// Opens on the third failure in a row, for 10 s, and closes on one success.
fn three() -> Config {
    Config { consecutive: Some(3), failures: None, open: OpenTime::fixed(10 * SECOND), ..Config::default() }
}
