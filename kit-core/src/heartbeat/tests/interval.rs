use tokio::time::{Instant, advance, timeout};

use super::*;
use crate::health::Probe;
use crate::{Code, Health};

#[tokio::test(start_paused = true)]
async fn two_pulses_for_each_result_over_ten_seconds() {
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(1));
    let (mut pulses, watcher) = (pulse.listen(), pulse.watch(2 * S).unwrap());
    let worker = tokio::spawn(every_two_seconds(pulse, send));
    let (mut beats, mut answers) = (0, 0);
    let _ = timeout(10 * S, async {
        loop {
            // Each sign of life renews the patience.
            let heard = timeout(2 * S, async {
                tokio::select! {
                    beat = pulses.next() => beats += u32::from(beat.is_some()),
                    answer = results.recv() => answers += u32::from(answer.is_some()),
                }
            });
            heard.await.expect("a pulse or a result within two seconds");
            assert_eq!(watcher.vital(), Vital::Alive);
        }
    })
    .await;
    assert!((9..=10).contains(&beats) && (4..=5).contains(&answers), "{beats} pulses, {answers} results");
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_stops_after_two_turns_without_closing_is_unhealthy_two_seconds_after_its_last_sign() {
    let (pulse, health) = (Pulse::new(), Health::new());
    let mut watcher = pulse.watch(2 * S).unwrap();
    health.add(Probe::Liveness, "worker", watcher.clone()).unwrap();
    let mut pulses = pulse.listen();
    let worker = tokio::spawn(async move {
        let mut rhythm = pulse.every(S)?;
        let _ = timeout(2 * S + S / 2, rhythm.wait(std::future::pending::<()>())).await;
        std::future::pending::<Result<(), Error>>().await // holds its pulse for ever
    });
    let mut last = pulses.next().await.expect("the first turn").at;
    while let Ok(Some(beat)) = timeout(S + S / 2, pulses.next()).await {
        last = beat.at;
    }
    assert!(health.report(Probe::Liveness).await.is_healthy());

    assert_eq!(watcher.changed().await, Vital::Silent);
    assert_eq!((last.elapsed(), watcher.last().unwrap().number), (2 * S, 2));
    let report = health.report(Probe::Liveness).await;
    assert_eq!(report.failing().collect::<Vec<_>>(), ["worker"]);
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn pulses_go_on_while_a_result_finds_no_room_and_the_result_is_not_lost() {
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(1));
    let watcher = pulse.watch(2 * S).unwrap();
    let worker = tokio::spawn(every_two_seconds(pulse, send));
    // One result waits in the channel, the next in the worker.
    for _ in 0..100 {
        advance(S).await;
        tokio::task::yield_now().await;
        assert_eq!(watcher.vital(), Vital::Alive);
    }
    for expected in 0..5 {
        assert_eq!(results.recv().await, Some(expected));
    }
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn with_nobody_to_hear_a_pulse_every_result_arrives() {
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(1));
    let worker = tokio::spawn(every_two_seconds(pulse, send));
    let began = Instant::now();
    for expected in 0..1_000 {
        assert_eq!(results.recv().await, Some(expected));
    }
    assert_eq!(began.elapsed(), 2_000 * S);
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn after_a_long_unit_comes_one_pulse_and_not_all_that_were_missed() {
    let pulse = Pulse::new();
    let watcher = pulse.watch(S).unwrap();
    let mut rhythm = pulse.every(S).unwrap();
    advance(10 * S).await;
    rhythm.wait(async {}).await;
    assert_eq!(watcher.last().unwrap().number, 1);
    rhythm.wait(tokio::time::sleep(S + S / 2)).await;
    assert_eq!(watcher.last().unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_never_has_to_wait_is_heard_as_well() {
    let pulse = Pulse::new();
    let mut pulses = pulse.listen();
    let mut rhythm = pulse.every(S).unwrap();
    for _ in 0..30 {
        advance(S / 10).await;
        rhythm.wait(async {}).await;
    }
    assert_eq!(pulses.next().await.unwrap().number, 3);
    assert_eq!(rhythm.pulse().watch(S).unwrap().last().unwrap().progress, 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_leaves_the_rhythm_as_it_was() {
    let pulse = Pulse::new();
    let watcher = pulse.watch(S).unwrap();
    let mut rhythm = pulse.every(S).unwrap();
    for _ in 0..4 {
        assert!(timeout(S / 2, rhythm.wait(std::future::pending::<()>())).await.is_err());
    }
    rhythm.wait(async {}).await;
    assert_eq!(watcher.last().unwrap().number, 2);
}

#[tokio::test]
async fn an_interval_of_zero_is_refused_and_one_past_the_end_of_time_never_comes() {
    let pulse = Pulse::new();
    assert_eq!(pulse.every(Duration::ZERO).unwrap_err().code(), Code::InvalidArgument);
    pulse.every(Duration::MAX).unwrap().wait(tokio::task::yield_now()).await;
    assert_eq!(pulse.watch(S).unwrap().last(), None);
}
