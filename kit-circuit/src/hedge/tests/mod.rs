//! The rules of hedges, by subject. Time stands still until a test moves it.

mod budget;
mod live;
mod losers;
mod settings;
mod winner;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Cancel, Code, Context, Endpoint, Error, Method, Outcome, endpoint_with};
use tokio::time::{Instant, sleep};

use super::*;

static READ: Method = Method::new("tests", "read").idempotent();
static WRITE: Method = Method::new("tests", "write");

const MS: Duration = Duration::from_millis(1);
const DELAY: Duration = Duration::from_millis(50);

/// A call of an idempotent method.
fn read() -> Context {
    let mut cx = Context::new();
    cx.set_method(&READ);
    cx
}

/// So many attempts, a fixed delay apart, and every one is paid for.
fn hedge(attempts: u32) -> HedgeLayer {
    let config = Config { attempts, delay: Delay::Fixed(DELAY), ratio: 1.0, per_second: 1_000 };
    HedgeLayer::new(config).unwrap()
}

/// How an attempt ends, and after how long.
#[derive(Clone)]
enum Attempt {
    Reply(u32),
    Fail(u32, Error),
    Status500(u32),
    Hang,
}

use Attempt::{Fail, Hang, Reply, Status500};

/// Attempts that do as they were told, in the order in which they begin; answers the number of the attempt.
#[derive(Clone, Default)]
struct Backend {
    attempts: Arc<Mutex<VecDeque<Attempt>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What an attempt found when it began.
#[derive(Clone)]
struct Seen {
    at: Instant,
    token: Cancel,
    tried: Vec<Arc<str>>,
    mark: Option<String>,
}

impl Backend {
    fn new(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        Self { attempts: Arc::new(Mutex::new(attempts.into_iter().collect())), seen: Arc::default() }
    }

    fn endpoint(&self) -> impl Endpoint<u32, Response = u32> + use<> {
        endpoint_with(self.clone(), async |backend, cx, _: u32| {
            let number = cx.attempts().number();
            let mark = cx.outbound().and_then(|outbound| outbound.get(kit_core::Attempts::PREVIOUS));
            let mark = mark.map(str::to_owned);
            let (at, tried) = (Instant::now(), cx.attempts().tried());
            backend.seen.lock().unwrap().push(Seen { at, token: cx.cancel_token(), tried, mark });
            cx.attempts_mut().record(&format!("instance {number}").into());
            let attempt = backend.attempts.lock().unwrap().pop_front().expect("an attempt that was not expected");
            match attempt {
                Reply(ms) => {
                    sleep(ms * MS).await;
                    Ok(number)
                }
                Fail(ms, error) => {
                    sleep(ms * MS).await;
                    Err(error)
                }
                Status500(ms) => {
                    sleep(ms * MS).await;
                    cx.set_outcome(Outcome::BackendError);
                    Ok(500)
                }
                Hang => std::future::pending().await,
            }
        })
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How long after `began` each attempt was made.
    fn at(&self, began: Instant) -> Vec<Duration> {
        self.seen().iter().map(|seen| seen.at - began).collect()
    }
}
