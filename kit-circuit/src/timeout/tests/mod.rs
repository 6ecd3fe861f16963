//! The rules of both layers, by subject. Time stands still until a test moves it.

mod deadline;
mod limit;
mod live;
mod scope;
mod stream;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kit_core::{Cancel, Code, Context, Endpoint, Error, Method, Outcome, Retry, endpoint_with};
use tokio::time::{Instant, advance, sleep};

use super::*;

static OUTER: Method = Method::new("tests", "outer");
static INNER: Method = Method::new("tests", "inner");

const LIMIT: Duration = Duration::from_secs(1);

fn timeout(limit: Duration) -> TimeoutLayer {
    TimeoutLayer::new(limit).unwrap()
}

fn deadline(max: Option<Duration>, default: Option<Duration>) -> DeadlineLayer {
    DeadlineLayer::new(Config { max, default }).unwrap()
}

/// How an inner call is to end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Reply,
    Fail,
    ReplyAfter(Duration),
    Hang,
    Panic,
}

/// What an inner call saw, if it was begun.
#[derive(Clone, Default)]
struct Seen(Arc<OnceLock<(Option<Instant>, Cancel)>>);

impl Seen {
    fn begun(&self) -> bool {
        self.0.get().is_some()
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.get().expect("the inner call began").0
    }

    fn token(&self) -> &Cancel {
        &self.0.get().expect("the inner call began").1
    }
}

/// Calls itself something else, takes a token for what it would spawn, then ends as it is told.
fn inner(seen: &Seen) -> impl Endpoint<Ending, Response = &'static str> + use<> {
    endpoint_with(seen.clone(), async |seen, cx, ending| {
        cx.set_method(&INNER);
        let _ = seen.0.set((cx.deadline(), cx.cancel_token()));
        match ending {
            Ending::Reply => Ok("done"),
            Ending::Fail => Err(Error::unavailable("down")),
            Ending::ReplyAfter(wait) => {
                sleep(wait).await;
                Ok("done at last")
            }
            Ending::Hang => std::future::pending().await,
            Ending::Panic => panic!("the inner call was told to panic"),
        }
    })
}

/// That it was given up on, after this long.
#[track_caller]
fn assert_elapsed(error: &Error, limit: Duration) {
    assert_eq!((error.code(), error.outcome()), (Code::DeadlineExceeded, Outcome::TimedOut));
    assert_eq!(error.cause::<Elapsed>().expect("an Elapsed cause").limit(), limit);
    assert!(!error.is_bug());
}
