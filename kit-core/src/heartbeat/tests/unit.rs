use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test]
async fn ten_units_give_ten_results_and_no_more_pulses_than_that() {
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(1));
    let mut pulses = pulse.listen();
    let worker = tokio::spawn(units(pulse, 10, send));
    let (mut heard, mut answers) = (Vec::new(), Vec::new());
    loop {
        tokio::select! {
            Some(beat) = pulses.next() => heard.push(beat),
            Some(answer) = results.recv() => answers.push(answer),
            else => break,
        }
    }
    worker.await.unwrap().unwrap();
    assert_eq!(answers, (0..10).collect::<Vec<_>>());
    assert!((1..=10).contains(&heard.len()), "{}", heard.len());
    assert!(heard.is_sorted_by(|one, next| one.number < next.number));
    let last = heard.last().unwrap();
    assert_eq!((last.number, last.progress), (10, 10));
}

#[tokio::test]
async fn a_listener_who_comes_when_all_is_done_hears_one_pulse_and_how_many_it_missed() {
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(10));
    units(pulse.clone(), 10, send).await.unwrap();
    let mut late = pulse.listen();
    assert_eq!(late.next().await.unwrap().number, 10);
    drop(pulse);
    assert_eq!(late.next().await, None);
    for expected in 0..10 {
        assert_eq!(results.recv().await, Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn who_listens_before_the_first_pulse_waits_for_it() {
    let pulse = Pulse::new();
    let mut pulses = pulse.listen();
    assert!(timeout(S, pulses.next()).await.is_err());
    pulse.unit();
    assert_eq!(pulses.next().await.unwrap().number, 1);
}

#[tokio::test]
async fn the_last_pulse_is_heard_after_the_worker_has_ended() {
    let pulse = Pulse::new();
    let mut pulses = pulse.listen();
    pulse.unit();
    drop(pulse);
    assert_eq!(pulses.next().await.unwrap().number, 1);
    assert_eq!(pulses.next().await, None);
    assert_eq!(pulses.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_first_pulse_needs_no_guess_at_how_slow_the_start_is() {
    let numbers = [0, 1, 2, 3, 5];
    let (pulse, (send, mut results)) = (Pulse::new(), mpsc::channel(1));
    let mut pulses = pulse.listen();
    let worker = tokio::spawn(async move {
        sleep(2 * S).await; // a wait of one second for the first result would have failed
        for number in numbers {
            pulse.unit();
            send.send(number).await.unwrap();
        }
    });
    assert!(pulses.next().await.is_some());
    for expected in numbers {
        assert_eq!(results.recv().await, Some(expected));
    }
    worker.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_pulse_carries_what_the_worker_says_of_its_progress() {
    let pulse = Pulse::new();
    let watcher = pulse.watch(S).unwrap();
    assert_eq!(watcher.last(), None);
    pulse.at(7_000);
    pulse.unit();
    pulse.beat();
    tokio::time::advance(S / 2).await;
    let last = watcher.last().unwrap();
    assert_eq!((last.number, last.progress, last.at.elapsed()), (3, 7_001, S / 2));
}

#[tokio::test]
async fn clones_of_a_pulse_are_one_worker() {
    let pulse = Pulse::new();
    let (mut pulses, watcher) = (pulse.listen(), pulse.watch(S).unwrap());
    let other = pulse.clone();
    pulse.unit();
    other.unit();
    assert_eq!(pulses.next().await.unwrap().progress, 2);
    drop(pulse);
    assert_eq!(watcher.vital(), Vital::Alive);
    drop(other);
    assert_eq!(watcher.vital(), Vital::Ended);
}
