use futures_util::FutureExt as _;
use kit_core::{Gate, GateState};

use super::*;

#[tokio::test(start_paused = true)]
async fn held_open_it_refuses_until_it_is_let_go_and_then_probes() {
    let play = play(three());
    play.pass(&[Reply]).await;
    play.breaker.force(Mode::ForcedOpen);
    let open = play.refused().await;
    assert_eq!((open.state(), open.left(), open.reason()), (State::ForcedOpen, None, Some(Reason::Forced)));
    advance(1_000 * SECOND).await;
    play.refused().await;
    play.breaker.force(Mode::Automatic);
    assert_eq!((play.breaker.state(), play.breaker.opened()), (State::Open, 0));
    play.pass(&[Fail]).await;
    assert_eq!((play.breaker.state(), play.breaker.opened()), (State::Open, 1));
    advance(10 * SECOND).await;
    play.pass(&[Reply]).await;
    assert_eq!((play.breaker.state(), play.breaker.opened()), (State::Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn held_closed_it_counts_and_never_opens() {
    let play = play(three());
    play.breaker.force(Mode::ForcedClosed);
    play.pass(&[Fail; 10]).await;
    assert_eq!(play.breaker.state(), State::ForcedClosed);
    play.assert_counts(0, 10, 0, 0);
    // It has counted all the while.
    play.breaker.force(Mode::Automatic);
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn held_closed_while_it_is_open_it_lets_calls_through_and_begins_anew() {
    let play = play(three());
    play.pass(&[Fail; 3]).await;
    play.breaker.force(Mode::ForcedClosed);
    play.pass(&[Fail]).await;
    play.breaker.force(Mode::Automatic);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn disabled_it_is_not_there() {
    let play = play(three());
    play.pass(&[Fail, Fail]).await;
    play.breaker.force(Mode::Disabled);
    play.pass(&[Fail; 10]).await;
    play.assert_counts(0, 2, 0, 0);
    play.breaker.force(Mode::Automatic);
    play.pass(&[Fail, Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed, "what came before is old");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_stays_open_under_other_settings_and_forced_ones_forced() {
    let play = play(three());
    play.pass(&[Fail; 3]).await;
    play.breaker.set(Config { consecutive: Some(30), open: OpenTime::fixed(SECOND), ..three() }).unwrap();
    assert_eq!(play.refused().await.left(), Some(10 * SECOND));
    play.breaker.force(Mode::ForcedOpen);
    play.breaker.set(three()).unwrap();
    assert_eq!(play.breaker.state(), State::ForcedOpen);
    assert_eq!(play.breaker.stats().failed, 3);
}

#[tokio::test(start_paused = true)]
async fn a_row_of_failures_is_kept_when_settings_change() {
    let play = play(three());
    play.pass(&[Fail, Fail]).await;
    play.breaker.set(Config { consecutive: Some(4), ..three() }).unwrap();
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Consecutive { failures: 4 }));
}

#[tokio::test(start_paused = true)]
async fn bad_settings_change_nothing() {
    let play = play(three());
    let error = play.breaker.set(Config { consecutive: Some(0), ..three() }).unwrap_err();
    assert_eq!(error.field(), "consecutive");
    play.breaker.set(Config { consecutive: None, ..three() }).unwrap_err();
    assert_eq!(play.breaker.config(), three());
}

#[tokio::test(start_paused = true)]
async fn reset_closes_and_forgets_all_but_the_counts() {
    let play = play(Config { open: OpenTime { jitter: 0.0, ..OpenTime::default() }, ..three() });
    for _ in 0..2 {
        play.pass(&[Fail; 3]).await;
        assert_eq!(play.refused().await.left(), Some(5 * SECOND));
        play.breaker.reset();
        assert_eq!(play.breaker.state(), State::Closed);
    }
    play.pass(&[Fail, Fail]).await;
    play.breaker.reset();
    play.pass(&[Fail, Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.assert_counts(0, 10, 0, 2);
    play.breaker.force(Mode::ForcedOpen);
    play.breaker.reset();
    assert_eq!(play.breaker.state(), State::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn changes_are_watched_and_told_with_name_and_reason() {
    let play = play(three());
    let mut changes = play.breaker.watch();
    let began = Instant::now();
    assert!(!changes.has_changed().unwrap());
    play.pass(&[Fail; 3]).await;
    let open = *changes.borrow_and_update();
    assert_eq!((open.state, open.since, open.until), (State::Open, began, Some(began + 10 * SECOND)));
    assert_eq!(open.reason, Some(Reason::Consecutive { failures: 3 }));
    assert_eq!(open, play.breaker.status());
    play.refused().await;
    assert!(!changes.has_changed().unwrap(), "a refusal is no change");
    advance(10 * SECOND).await;
    play.pass(&[Reply]).await;
    let closed = *changes.borrow_and_update();
    assert_eq!((closed.state, closed.until, closed.reason), (State::Closed, None, open.reason));
    let events = play.events.lock().unwrap();
    let [Event::Changed { name, from: State::Closed, to: State::Open, reason, .. }, Event::Refused { open, .. }, ..] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((name.as_deref(), *reason), (Some("backend"), Some(Reason::Consecutive { failures: 3 })));
    assert_eq!(open.to_string(), "the circuit breaker is open for another 10s: 3 failures in a row");
}

#[tokio::test(start_paused = true)]
async fn a_balancer_may_ask_before_it_picks() {
    let play = play(three());
    let gate: &dyn Gate = &play.breaker;
    let ask = || gate.state(Instant::now());
    assert_eq!(ask(), GateState::Open);
    play.pass(&[Fail; 3]).await;
    assert_eq!(ask(), GateState::Refused { until: Some(Instant::now() + 10 * SECOND) });
    advance(10 * SECOND).await;
    assert_eq!(ask(), GateState::Probing);
    assert_eq!(play.breaker.state(), State::Open, "asking changes nothing");
    let mut cx = Context::new();
    let mut probe = Box::pin(play.endpoint.call(&mut cx, Hang));
    assert!(probe.as_mut().now_or_never().is_none());
    assert_eq!(ask(), GateState::Refused { until: None });
    drop(probe);
    assert_eq!(ask(), GateState::Probing);
    play.breaker.force(Mode::ForcedOpen);
    assert_eq!(ask(), GateState::Refused { until: None });
    play.breaker.force(Mode::Disabled);
    assert_eq!(ask(), GateState::Open);
}

#[test]
fn a_breaker_is_as_small_as_the_registry_says() {
    let size = std::mem::size_of::<shared::Shared>();
    assert!((1_200..=2_048).contains(&size), "{size}");
}
