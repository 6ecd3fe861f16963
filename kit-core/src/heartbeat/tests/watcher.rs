use std::future::poll_fn;
use std::pin::pin;

use tokio::time::{Instant, advance, sleep, timeout};

use super::*;
use crate::Code;

#[tokio::test(start_paused = true)]
async fn silence_is_a_state_from_its_limit_to_the_next_pulse() {
    let pulse = Pulse::new();
    let watcher = pulse.watch(2 * S).unwrap();
    advance(2 * S - S / 1_000).await;
    assert_eq!(watcher.vital(), Vital::Alive);
    advance(S / 1_000).await;
    assert_eq!((watcher.vital(), watcher.silence()), (Vital::Silent, 2 * S));
    pulse.beat();
    assert_eq!((watcher.vital(), watcher.silence()), (Vital::Alive, Duration::ZERO));
    drop(pulse);
    assert_eq!(watcher.vital(), Vital::Ended);
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_when_they_happen() {
    let pulse = Pulse::new();
    let mut watcher = pulse.watch(2 * S).unwrap();
    let began = Instant::now();
    let worker = tokio::spawn(async move {
        sleep(S).await;
        pulse.unit();
        sleep(4 * S).await;
        pulse.unit();
        sleep(S).await;
    });
    for (vital, at) in [(Vital::Silent, 3), (Vital::Alive, 5), (Vital::Ended, 7)] {
        assert_eq!((watcher.changed().await, began.elapsed()), (vital, at * S));
    }
    assert!(timeout(100 * S, watcher.changed()).await.is_err(), "nothing follows the end");
    worker.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_silent_worker_is_told_at_once() {
    let pulse = Pulse::new();
    let mut watcher = pulse.watch(S).unwrap();
    assert_eq!(watcher.changed().await, Vital::Silent);
    let (ended, _) = tokio::join!(watcher.changed(), async { drop(pulse) });
    assert_eq!(ended, Vital::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_fast_worker_does_not_wake_its_watcher_for_each_pulse() {
    let pulse = Pulse::new();
    let mut watcher = pulse.watch(2 * S).unwrap();
    let worker = tokio::spawn(async move {
        for _ in 0..10_000 {
            pulse.unit();
            sleep(S / 1_000).await;
        }
        std::future::pending::<()>().await;
    });
    let (mut polls, mut changed) = (0, pin!(watcher.changed()));
    let vital = poll_fn(|task| {
        polls += 1;
        changed.as_mut().poll(task)
    })
    .await;
    assert_eq!(vital, Vital::Silent);
    assert!(polls < 20, "{polls} in twelve seconds and ten thousand pulses");
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_has_a_limit_of_its_own() {
    let (pulse, began) = (Pulse::new(), Instant::now());
    let mut watcher = pulse.watch(S).unwrap().first_within(10 * S);
    let first = async {
        sleep(5 * S).await;
        pulse.unit();
    };
    // The usual limit counts from the first pulse on, and not from the end of the first one's.
    let (changed, ()) = tokio::join!(watcher.changed(), first);
    assert_eq!((changed, began.elapsed()), (Vital::Silent, 6 * S));

    let mut never = Pulse::new().watch(S).unwrap().first_within(10 * S);
    assert_eq!(never.changed().await, Vital::Ended);
    let late = Pulse::new();
    let mut never = late.watch(S).unwrap().first_within(10 * S);
    assert_eq!((never.changed().await, began.elapsed()), (Vital::Silent, 16 * S));
}

#[tokio::test(start_paused = true)]
async fn the_cause_says_how_long_it_has_been_silent_and_how_far_it_was() {
    let pulse = Pulse::new();
    let watcher = pulse.watch(S).unwrap();
    watcher.check().unwrap();
    pulse.at(42);
    advance(3 * S).await;
    let error = watcher.check().unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    let Some(&NoPulse::Silent { silence, limit, pulses, progress }) = error.cause::<NoPulse>() else {
        panic!("{error:?}")
    };
    assert_eq!((silence, limit, pulses, progress), (3 * S, S, 1, 42));
    drop(pulse);
    assert!(matches!(watcher.check().unwrap_err().cause(), Some(NoPulse::Ended)));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_refused_and_one_past_the_end_of_time_never_passes() {
    let pulse = Pulse::new();
    assert_eq!(pulse.watch(Duration::ZERO).unwrap_err().code(), Code::InvalidArgument);
    let mut watcher = pulse.watch(Duration::MAX).unwrap();
    assert!(timeout(1_000_000 * S, watcher.changed()).await.is_err());
}
