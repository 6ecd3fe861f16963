//! The rules of a cache. Time stands still until a test moves it.

mod batch;
mod keeping;
mod stale;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::sources::SeededRandom;
use kit_core::{Code, Context, Endpoint, Error, Outcome, endpoint_with};
use tokio::time::{advance, sleep};

use super::*;
use crate::Counts;

const SECOND: Duration = Duration::from_secs(1);

/// A backend that a test tells how to answer.
#[derive(Clone, Default)]
struct Backend(Arc<Script>);

#[derive(Default)]
struct Script {
    loads: AtomicUsize,
    answer: Mutex<Answer>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Answer {
    #[default]
    Row,
    SlowRow,
    Missing,
    Down,
    Full,
    Denied,
    Status500,
    Panics,
    Hangs,
}

impl Backend {
    fn answers(&self, answer: Answer) {
        *self.0.answer.lock().unwrap() = answer;
    }

    fn loads(&self) -> usize {
        self.0.loads.load(Ordering::Relaxed)
    }

    fn endpoint(&self) -> impl Endpoint<u32, Response = String> + use<> {
        endpoint_with(self.clone(), async |backend, cx, id: u32| {
            let load = backend.0.loads.fetch_add(1, Ordering::Relaxed);
            let answer = *backend.0.answer.lock().unwrap();
            match answer {
                Answer::Row => Ok(format!("row {id}, load {load}")),
                Answer::SlowRow => {
                    sleep(SECOND / 10).await;
                    Ok(format!("row {id}, load {load}"))
                }
                Answer::Missing => Err(Error::not_found("no such row")),
                Answer::Down => Err(Error::unavailable("down")),
                Answer::Full => Err(Error::unavailable("full").with_outcome(Outcome::Rejected)),
                Answer::Denied => Err(Error::permission_denied("no")),
                Answer::Status500 => {
                    cx.set_outcome(Outcome::BackendError);
                    Ok("status 500".to_owned())
                }
                Answer::Panics => panic!("the backend was told to panic"),
                Answer::Hangs => std::future::pending().await,
            }
        })
    }
}

/// Ten seconds fresh, no jitter; nothing stale.
fn config() -> Config {
    Config { ttl: 10 * SECOND, jitter: 0.0, ..Config::default() }
}

/// Ids from 1,000 on have no key.
fn layer(config: Config) -> CacheLayer<u32, u32, String, impl Fn(&Context, &u32) -> Option<u32> + Send + Sync + use<>> {
    CacheLayer::new(config, |_: &Context, id: &u32| (*id < 1_000).then_some(*id)).unwrap()
}

async fn ask(endpoint: &impl Endpoint<u32, Response = String>, id: u32) -> Result<String, Error> {
    endpoint.call(&mut Context::new(), id).await
}

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}
