//! The rules of single flight. Time stands still until a test moves it.

mod batch;
mod flight;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use kit_core::recover::Panicked;
use kit_core::{Cancel, Code, Context, Endpoint, Error, Outcome, endpoint_with};
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::Counts;
use crate::timeout::Elapsed;

const LOAD: Duration = Duration::from_millis(50);

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}

/// How often a backend was asked, and the tokens of its calls.
#[derive(Clone, Default)]
struct Seen(Arc<Calls>);

type Calls = (AtomicUsize, Mutex<Vec<(Cancel, Option<Instant>)>>);

impl Seen {
    fn note(&self, cx: &mut Context) -> usize {
        self.0.1.lock().unwrap().push((cx.cancel_token(), cx.deadline()));
        self.0.0.fetch_add(1, Ordering::Relaxed)
    }

    fn loads(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    fn token(&self, load: usize) -> Cancel {
        self.0.1.lock().unwrap()[load].0.clone()
    }

    fn deadline(&self, load: usize) -> Option<Instant> {
        self.0.1.lock().unwrap()[load].1
    }
}

// What happens to these ids is in their names; any other is answered with a row.
const MISSING: u32 = 900;
const PANICS: u32 = 901;
const HANGS: u32 = 902;
const STATUS_500: u32 = 903;

/// Answers after 50 ms.
fn backend(seen: &Seen) -> impl Endpoint<u32, Response = String> + use<> {
    endpoint_with(seen.clone(), async |seen, cx, id: u32| {
        let load = seen.note(cx);
        sleep(LOAD).await;
        match id {
            MISSING => Err(Error::not_found("no such row")),
            PANICS => panic!("the backend was told to panic"),
            HANGS => std::future::pending().await,
            STATUS_500 => {
                cx.set_outcome(Outcome::BackendError);
                Ok("oops".to_owned())
            }
            id => Ok(format!("row {id}, load {load}")),
        }
    })
}

/// Ids from 1,000 on have no key.
fn layer() -> SingleFlightLayer<u32, u32, String, impl Fn(&Context, &u32) -> Option<u32> + Send + Sync> {
    SingleFlightLayer::new(Config::default(), |_: &Context, id: &u32| (*id < 1_000).then_some(*id)).unwrap()
}
