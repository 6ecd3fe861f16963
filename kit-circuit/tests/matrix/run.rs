//! One cell of the matrix.

use std::time::Duration;

use kit_circuit::timeout::DeadlineLayer;
use kit_core::{BoxEndpoint, Context, Endpoint as _, Method};
use tokio::time::{Instant, sleep, timeout};

use crate::backend::Backend;
use crate::cases::{Case, Who};
use crate::layers::{Reading, Row};

static METHOD: Method = Method::new("tests", "cell").idempotent();

/// Who calls together: two ask the same.
const TOGETHER: [u32; 4] = [1, 1, 2, 3];
/// How often they do.
const WAVES: u32 = 4;
/// No call takes longer than this: a lost one fails, and does not hang.
const LONGEST: Duration = Duration::from_secs(600);

/// How the calls of a cell ended for those who made them.
#[derive(Debug, Default)]
struct Told {
    answers: u64,
    errors: u64,
    panics: u64,
    left: u64,
    lost: u64,
}

/// Runs it, and says what is wrong.
pub(crate) async fn cell(outer: &Row, inner: &Row, case: &Case) -> Vec<String> {
    let backend = Backend::new(case.plays);
    let (endpoint, read_inner) = (inner.wrap)(backend.endpoint());
    let (endpoint, read_outer) = (outer.wrap)(endpoint);
    let endpoint = endpoint.layer(DeadlineLayer::default()).boxed();

    let mut told = Told::default();
    let mut calls = 0;
    for _ in 0..WAVES {
        wave(&endpoint, case, &mut told).await;
        calls += TOGETHER.len() as u64;
        // A breaker's open time passes, and an entry's time.
        sleep(Duration::from_millis(1_100)).await;
    }
    sleep(Duration::from_secs(60)).await;
    let mut failures = Vec::new();
    let mut expect = |what: &str, holds: bool, seen: &dyn std::fmt::Debug| {
        if !holds {
            failures.push(format!("{what}: {seen:?}"));
        }
    };

    let told_sum = told.answers + told.errors + told.panics + told.left + told.lost;
    expect("each caller is told once, and none is lost", told_sum == calls && told.lost == 0, &told);
    expect("the backend is left alone", backend.running() == 0, &backend);
    for (name, reading) in [(outer.name, read_outer()), (inner.name, read_inner())] {
        settle(name, &reading, &mut expect);
    }
    let (out, within) = (read_outer(), read_inner());
    expect("all that came is counted at the door", out.offered == calls, &out);
    expect("what the outer makes, the inner is offered", out.made == within.offered, &(&out, &within));
    expect("what the inner makes, the backend sees", within.made == backend.begun(), &(&within, backend.begun()));
    expect("an answer is counted once, as one", out.answered == told.answers, &(&out, &told));

    // Whatever happened, all is well again: no place of a probe, no permit and no flight is missing.
    backend.heal();
    for id in [10, 11, 12, 13] {
        let mut cx = Context::new();
        cx.set_method(&METHOD);
        let answer = timeout(LONGEST, endpoint.call(&mut cx, id)).await;
        expect("served again", matches!(answer, Ok(Ok(given)) if given == id + 1), &answer);
    }
    failures
}

/// Nothing is held, and every count is whole.
fn settle(name: &str, reading: &Reading, expect: &mut impl FnMut(&str, bool, &dyn std::fmt::Debug)) {
    expect(&format!("{name} holds nothing"), reading.held == 0, reading);
    for (of, counts) in &reading.counts {
        let ended = counts.ok + counts.failed + counts.cancelled;
        expect(&format!("{name}, {of}: admitted = ok + failed + cancelled"), counts.admitted == ended, counts);
        let offered = counts.admitted + counts.refused;
        expect(&format!("{name}, {of}: offered = admitted + refused"), counts.offered() == offered, counts);
    }
}

/// Calls at once, and their ends.
async fn wave(endpoint: &BoxEndpoint<u32, u32>, case: &Case, told: &mut Told) {
    let (deadline, leave) = (case.deadline, case.leave);
    let calls: Vec<_> = TOGETHER
        .into_iter()
        .map(|id| {
            let endpoint = endpoint.clone();
            tokio::spawn(async move {
                let began = Instant::now();
                let mut cx = Context::at(began).with_deadline(deadline.map(|time| began + time));
                cx.set_method(&METHOD);
                let result = endpoint.call(&mut cx, id).await;
                cx.finish();
                result
            })
        })
        .collect();
    if let Some((after, who)) = leave {
        sleep(after).await;
        let leaving = if who == Who::All { calls.len() } else { 1 };
        calls.iter().take(leaving).for_each(|call| call.abort());
    }
    for call in calls {
        let count = match timeout(LONGEST, call).await {
            Ok(Ok(Ok(_))) => &mut told.answers,
            Ok(Ok(Err(_))) => &mut told.errors,
            Ok(Err(ended)) if ended.is_panic() => &mut told.panics,
            Ok(Err(_)) => &mut told.left,
            Err(_) => &mut told.lost,
        };
        *count += 1;
    }
}
