//! The rules of retries, by subject. Time stands still until a test moves it, and pauses are drawn from a seed.

mod again;
mod chain;
mod context;
mod outage;
mod pauses;
mod settings;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Code, Context, Endpoint, Error, Layer as _, Method, Outcome, Retry, endpoint_with};
use tokio::time::{Instant, sleep};

use super::*;
use crate::budget::{self, Budget};
use crate::timeout::{Elapsed, TimeoutLayer};

static READ: Method = Method::new("tests", "read").idempotent();
static WRITE: Method = Method::new("tests", "write");

const MS: Duration = Duration::from_millis(1);

/// A call of an idempotent method.
fn read() -> Context {
    let mut cx = Context::new();
    cx.set_method(&READ);
    cx
}

fn retry(attempts: u32) -> RetryLayer {
    RetryLayer::new(Config { attempts, ..Config::default() }).unwrap().random(SeededRandom::new(7))
}

fn down() -> Error {
    Error::unavailable("down")
}

/// What the attempts of a script do, one after another; past its end they succeed.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    begun: Arc<Mutex<Vec<Instant>>>,
}

enum Answer {
    Fail(Error),
    Hang,
    /// An answer, of which its binding says that it is a failure.
    Status500,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), begun: Arc::default() }
    }

    fn failing(errors: impl IntoIterator<Item = Error>) -> Self {
        Self::new(errors.into_iter().map(Answer::Fail))
    }

    fn endpoint(&self) -> impl Endpoint<u32, Response = u32> + use<> {
        endpoint_with(self.clone(), async |script, cx, request| {
            script.begun.lock().unwrap().push(Instant::now());
            let answer = script.answers.lock().unwrap().pop_front();
            match answer {
                None => Ok(request),
                Some(Answer::Fail(error)) => Err(error),
                Some(Answer::Hang) => std::future::pending().await,
                Some(Answer::Status500) => {
                    cx.set_outcome(Outcome::BackendError);
                    Ok(500)
                }
            }
        })
    }

    /// How many attempts were made.
    fn made(&self) -> usize {
        self.begun.lock().unwrap().len()
    }

    /// How long after `began` each was.
    fn at(&self, began: Instant) -> Vec<Duration> {
        self.begun.lock().unwrap().iter().map(|&at| at - began).collect()
    }
}

#[track_caller]
fn gave_up(error: &Error) -> (Why, usize) {
    let cause = error.cause::<GaveUp>().expect("a GaveUp cause");
    (cause.why(), cause.attempts().len())
}
