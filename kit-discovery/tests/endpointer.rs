//! An endpointer as somebody outside the crate builds one: channels, checks and balancers of their own, and what a call costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use futures_util::FutureExt as _;
use kit_core::{Channel, Context, Endpoint, Error, Factory, Instance, Routed, endpoint_fn};
use kit_discovery::balance::{Balancer, Candidates, PeakEwma, Standing};
use kit_discovery::check::{self, Check};
use kit_discovery::endpointer::{Config, Endpointer};
use kit_discovery::{Fixed, Instancer as _};
use tokio::time::{Instant, advance, timeout};

#[derive(Default)]
struct Line {
    asked: AtomicU32,
    closed: AtomicU32,
}

impl Channel for Line {
    async fn close(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

struct Lines;

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, _instance: &Instance) -> Result<Line, Error> {
        Ok(Line::default())
    }
}

/// Well for the first question only.
struct Once;

impl Check<Line> for Once {
    async fn check(&self, _instance: &Instance, channel: &Line) -> Result<(), Error> {
        match channel.asked.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Error::unavailable("asked too often")),
        }
    }
}

/// The last that may be picked.
struct Last;

impl Balancer for Last {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        set.choice(cx)?.places().last()
    }
}

fn who() -> impl Endpoint<Routed<Arc<Line>, u32>, Response = Arc<str>> {
    endpoint_fn(async |_cx, call: Routed<Arc<Line>, u32>| Ok(Arc::clone(&call.instance.id)))
}

#[tokio::test(start_paused = true)]
async fn each_part_may_come_from_outside() {
    let strings = Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80").unwrap();
    let config = Config { check: Some(check::Config { unhealthy: 1, ..Default::default() }), ..Config::default() };
    let endpointer = Endpointer::of(strings.subscribe(), Lines).check(Once).config(config).start().unwrap();
    timeout(Duration::from_secs(1), endpointer.ready()).await.expect("soon").unwrap();
    let call = who().layer(endpointer.layer(Last));
    assert_eq!(&*call.call(&mut Context::new(), 1).await.unwrap(), "10.0.0.2:80");
    let fails = || {
        let standing = |one: &Arc<kit_discovery::balance::Candidate>| one.standing(Instant::now());
        endpointer.roster().candidates().iter().all(|one| standing(one) == Standing::FailsChecks)
    };
    let soon = async {
        while !fails() {
            advance(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(10), soon).await.expect("within two intervals");
    let channels: Vec<_> = (0..2).map(|_| endpointer.roster().pick(&mut Context::new(), &Last).unwrap()).collect();
    let line = Arc::clone(channels[0].channel());
    drop(channels);
    timeout(Duration::from_secs(1), endpointer.close()).await.expect("nothing is in flight");
    assert_eq!(line.closed.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_balanced_call_allocates_nothing_nor_does_the_first_attempt_of_a_retry() {
    let strings = Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80").unwrap();
    let endpointer = Endpointer::of(strings.subscribe(), Lines).start().unwrap();
    timeout(Duration::from_secs(1), endpointer.ready()).await.expect("soon").unwrap();
    let call = who().layer(endpointer.layer(PeakEwma::new()));
    // The first reading of the roster on a thread allocates for the thread.
    call.call(&mut Context::new(), 1).now_or_never().expect("ready at once").unwrap();
    let plain = measure(|| {
        call.call(&mut Context::new(), 1).now_or_never();
    });
    let tracked = measure(|| {
        let mut cx = Context::new();
        cx.attempts_mut().track();
        call.call(&mut cx.fork(), 1).now_or_never();
    });
    assert_eq!((plain.count_total, tracked.count_total), (0, 0));
}
