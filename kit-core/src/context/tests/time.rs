//! What the context says of time, and how seldom it asks.

use tokio::time::advance;

use super::*;
use crate::Endpoint;

/// A layer that measures its inner call.
struct Measured<E>(E, Duration);

impl<E: Endpoint<Duration>> Endpoint<Duration> for Measured<E> {
    type Response = (E::Response, Duration);

    async fn call(&self, cx: &mut Context, wait: Duration) -> Result<Self::Response, Error> {
        let begun = cx.begin();
        let response = self.0.call(cx, wait).await?;
        let took = cx.end() - begun;
        if !self.1.is_zero() {
            advance(self.1).await;
            cx.stamp();
        }
        Ok((response, took))
    }
}

/// Three layers that measure, round a call that takes as long as it is told; the middle one waits for `between` besides.
fn stack(between: Duration) -> impl Endpoint<Duration, Response = ((((), Duration), Duration), Duration)> {
    let wait = crate::endpoint_fn(async |_cx, wait: Duration| {
        if !wait.is_zero() {
            advance(wait).await;
        }
        Ok(())
    });
    Measured(Measured(Measured(wait, Duration::ZERO), between), Duration::ZERO)
}

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_call_that_never_waits_reads_the_clock_twice_however_many_layers_measure() {
    let mut cx = Context::new();
    assert_eq!(cx.clock_reads(), 1);
    stack(Duration::ZERO).call(&mut cx, Duration::ZERO).await.unwrap();
    assert_eq!(cx.clock_reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_reading_serves_every_layer_whose_call_has_just_ended() {
    let mut cx = Context::new();
    let took = stack(Duration::ZERO).call(&mut cx, 7 * MS).await.unwrap();
    assert_eq!(took, ((((), 7 * MS), 7 * MS), 7 * MS));
    assert_eq!(cx.clock_reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_waited_after_its_call_is_in_the_outer_ones_measure() {
    let mut cx = Context::new();
    let took = stack(5 * MS).call(&mut cx, 7 * MS).await.unwrap();
    assert_eq!(took, ((((), 7 * MS), 7 * MS), 12 * MS));
    assert_eq!(cx.clock_reads(), 4, "the first, the inner ends, the stamp after the wait, the outer end");
}

#[tokio::test(start_paused = true)]
async fn a_call_made_again_is_measured_again() {
    let mut cx = Context::new();
    let stack = stack(Duration::ZERO);
    stack.call(&mut cx, MS).await.unwrap();
    assert_eq!(stack.call(&mut cx, 2 * MS).await.unwrap(), ((((), 2 * MS), 2 * MS), 2 * MS));
}

#[tokio::test(start_paused = true)]
async fn what_is_merged_ends_no_measure_of_the_caller() {
    let mut cx = Context::new();
    let begun = cx.begin();
    let (mut one, mut two) = (cx.fork(), cx.fork());
    Measured(stack(Duration::ZERO), Duration::ZERO).call(&mut one, MS).await.unwrap();
    stack(Duration::ZERO).call(&mut two, 9 * MS).await.unwrap();
    cx.merge(one);
    assert_eq!(cx.end() - begun, 10 * MS, "the caller waited for both");
    two.finish();
}

#[tokio::test(start_paused = true)]
async fn a_measure_after_a_childs_call_reads_the_clock_again() {
    let mut cx = Context::new();
    let begun = cx.begin();
    assert_eq!(cx.end() - begun, Duration::ZERO);
    let mut child = cx.child(&INNER);
    advance(MS).await;
    child.stamp();
    cx.catch_up(&child);
    child.finish();
    assert_eq!(cx.now() - begun, MS);
    advance(MS).await;
    assert_eq!(cx.end() - begun, 2 * MS);
}

#[tokio::test(start_paused = true)]
async fn remaining_is_what_was_left_at_the_last_reading() {
    let mut cx = Context::new();
    assert_eq!(cx.remaining(), None);
    let mut scope = cx.scope_after(10 * MS);
    assert_eq!(scope.remaining(), Some(10 * MS));
    advance(4 * MS).await;
    assert_eq!(scope.remaining(), Some(10 * MS));
    scope.stamp();
    assert_eq!(scope.remaining(), Some(6 * MS));
    advance(9 * MS).await;
    scope.stamp();
    assert_eq!(scope.remaining(), Some(Duration::ZERO), "never less than nothing");
}

#[tokio::test(start_paused = true)]
async fn a_call_arrived_when_its_context_was_made() {
    let now = Instant::now();
    let mut cx = Context::at(now);
    assert_eq!(cx.clock_reads(), 0, "the caller had read the clock");
    advance(MS).await;
    assert_eq!(cx.stamp(), now + MS);
    assert_eq!((cx.arrived(), cx.now()), (now, now + MS));
    assert_eq!(cx.fork().arrived(), now);
}
