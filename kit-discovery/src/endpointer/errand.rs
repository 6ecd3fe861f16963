//! What takes time, each a task of its own: the endpointer's task waits for none of them, and they decide nothing.

use std::sync::Arc;
use std::time::Duration;

use kit_core::task::caught;
use kit_core::{Channel, Code, Error, Factory, Instance};
use tokio::time::{sleep, timeout};

use crate::balance::Candidate;
use crate::check;

/// What an errand came to, under the number of the member it was for.
pub(super) enum Done<C> {
    Made { serial: u64, made: Result<C, Error> },
    Checked { serial: u64, answer: Result<(), Error> },
    Drained { serial: u64 },
    Closed { serial: u64, late: Option<Duration> },
}

/// Aborted, it gives either its channel or has made none: there is no await in between.
pub(super) async fn make<F: Factory>(
    serial: u64,
    factory: Arc<F>,
    instance: Arc<Instance>,
    pause: Duration,
    limit: Duration,
) -> Done<F::Channel> {
    if !pause.is_zero() {
        sleep(pause).await;
    }
    let made = timeout(limit, caught(factory.make(&instance))).await;
    let made = made.unwrap_or_else(|_| Err(late(format!("no channel was made within {limit:?}"))));
    Done::Made { serial, made }
}

pub(super) async fn check<C: Channel>(
    serial: u64,
    check: Arc<dyn check::Erased<C>>,
    instance: Arc<Instance>,
    channel: Arc<C>,
    pause: Duration,
    limit: Duration,
) -> Done<C> {
    if !pause.is_zero() {
        sleep(pause).await;
    }
    let answer = timeout(limit, caught(check.ask(&instance, &channel))).await;
    let answer = answer.unwrap_or_else(|_| Err(late(format!("no answer to the check within {limit:?}"))));
    Done::Checked { serial, answer }
}

pub(super) async fn drain<C>(serial: u64, candidate: Arc<Candidate>, limit: Duration) -> Done<C> {
    // Whether its calls have ended or are cut, it is closed.
    let _ = timeout(limit, candidate.drained()).await;
    Done::Drained { serial }
}

pub(super) async fn close<C: Channel>(serial: u64, channel: Arc<C>, limit: Duration) -> Done<C> {
    let closing = async {
        channel.close().await;
        Ok(())
    };
    // A panic in it has ended it too.
    let closed = timeout(limit, caught(closing)).await;
    Done::Closed { serial, late: closed.is_err().then_some(limit) }
}

fn late(message: String) -> Error {
    Error::new(Code::DeadlineExceeded, message)
}
