use super::*;

fn publisher() -> (Publisher, Heard) {
    let heard = Heard::default();
    (Publisher::new("strings").observer(heard.observer()), heard)
}

#[tokio::test(start_paused = true)]
async fn a_failure_ages_the_set_and_takes_nothing_from_it() {
    let (mut publisher, _) = publisher();
    publisher.publish(answer(&[1, 2]));
    advance(60 * SECOND).await;
    let state = publisher.subscribe().state();
    assert_eq!((state.age(Instant::now()), state.answered_at().unwrap().elapsed()), (Duration::ZERO, 60 * SECOND));
    publisher.fail(down());
    advance(600 * SECOND).await;
    publisher.fail(down());
    let state = publisher.subscribe().state();
    assert_eq!((known(&state), state.generation()), (vec![1, 2], 1));
    assert_eq!(state.age(Instant::now()), 600 * SECOND);
    assert_eq!(state.error().unwrap().message(), "the registry is down");
    publisher.publish(Answer::unchanged());
    let state = publisher.subscribe().state();
    assert!(state.error().is_none() && state.age(Instant::now()).is_zero());
    assert_eq!((known(&state), state.totals().failures, state.totals().answers), (vec![1, 2], 2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_keeps_nobody_from_the_set() {
    let mut publisher =
        Publisher::new("strings").observer(|_: &Event| std::panic::resume_unwind(Box::new("on purpose")));
    publisher.publish(answer(&[1]));
    publisher.fail(down());
    publisher.publish(answer(&[1, 2]));
    assert_eq!(known(&publisher.subscribe().state()), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_same_set_in_another_order_is_no_change() {
    let (mut publisher, heard) = publisher();
    let mut subscription = publisher.subscribe();
    publisher.publish(answer(&[1, 2]));
    assert_eq!(subscription.changed().await.unwrap().generation(), 1);
    publisher.publish(answer(&[2, 1, 2]));
    assert!(timeout(SECOND, subscription.changed()).await.is_err());
    publisher.publish(answer(&[2, 3]));
    assert_eq!(subscription.changed().await.unwrap().generation(), 2);
    assert_eq!(heard.take(), ["changed 1: 2, +2 -0", "changed 2: 2, +1 -1"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_once_a_minute_and_its_end_if_it_was_told() {
    let (mut publisher, heard) = publisher();
    for _ in 0..=120 {
        publisher.fail(down());
        advance(SECOND).await;
    }
    publisher.publish(Answer::unchanged());
    assert_eq!(
        heard.take(),
        [
            "failing 0ns the registry is down (0 untold)",
            "failing 60s the registry is down (59 untold)",
            "failing 120s the registry is down (59 untold)",
            "recovered after 121s",
        ]
    );
    // One that comes and goes is not told each time, nor is its end.
    for _ in 0..29 {
        publisher.fail(down());
        advance(SECOND).await;
        publisher.publish(Answer::unchanged());
        advance(SECOND).await;
    }
    assert_eq!(heard.take(), Vec::<String>::new());
    advance(SECOND).await;
    publisher.fail(down());
    assert_eq!(heard.take(), ["failing 0ns the registry is down (29 untold)"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_failure_again_wakes_nobody_and_another_does() {
    let (mut publisher, _) = publisher();
    let mut subscription = publisher.subscribe();
    publisher.fail(down());
    assert!(subscription.changed().await.unwrap().error().is_some());
    publisher.fail(down());
    assert!(timeout(SECOND, subscription.changed()).await.is_err());
    publisher.fail(Error::unavailable("no route"));
    assert_eq!(subscription.changed().await.unwrap().error().unwrap().message(), "no route");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_entry_is_skipped_counted_and_named() {
    let (mut publisher, heard) = publisher();
    publisher.publish(answer(&[1]).with("/strings/x", Err(Malformed::new("no address"))));
    let state = publisher.subscribe().state();
    assert_eq!((known(&state), state.skipped_count(), state.totals().skipped), (vec![1], 1, 1));
    assert_eq!(state.skipped()[0].to_string(), "\"/strings/x\": no address");
    assert!(state.error().is_none());
    assert_eq!(heard.take(), ["skipped 1 (0 untold)", "changed 1: 1, +1 -0"]);
    // What a source hands over unread is checked too.
    publisher.publish(Answer::new([at(1), Instance::new("nowhere"), Instance::new("::1:80")]));
    let state = publisher.subscribe().state();
    assert_eq!((known(&state), state.skipped_count(), state.totals().skipped), (vec![1], 2, 3));
    publisher.publish(answer(&[1]));
    assert_eq!(publisher.subscribe().state().skipped_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_which_nothing_can_be_read_is_a_failure_and_keeps_the_set() {
    let (mut publisher, _) = publisher();
    publisher.publish(answer(&[1]));
    let mut subscription = publisher.subscribe();
    subscription.changed().await.unwrap();
    publisher.publish(Answer::new([]).with("x", Err(Malformed::new("no address"))));
    let state = subscription.changed().await.unwrap();
    assert_eq!((known(&state), state.generation(), state.skipped_count()), (vec![1], 1, 1));
    assert_eq!(state.error().unwrap().message(), "none of 1 entries could be read");
    // It is still so when the source says that nothing has changed.
    publisher.fail(down());
    publisher.publish(Answer::unchanged());
    assert_eq!(subscription.state().error().unwrap().reason(), Some("malformed"));
    publisher.publish(answer(&[1]));
    assert!(subscription.state().error().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_believed_counted_and_dated() {
    let (mut publisher, heard) = publisher();
    publisher.publish(answer(&[1, 2]));
    publisher.publish(answer(&[]));
    advance(5 * SECOND).await;
    publisher.fail(down());
    publisher.publish(answer(&[]));
    let state = publisher.subscribe().state();
    assert_eq!((known(&state), state.last_full().map(ports)), (vec![], Some(vec![1, 2])));
    assert_eq!((state.empty_for(Instant::now()), state.totals().empty), (Some(5 * SECOND), 2));
    publisher.publish(answer(&[3]));
    let state = publisher.subscribe().state();
    assert_eq!((state.empty_for(Instant::now()), state.generation()), (None, 3));
    assert_eq!(
        heard.take(),
        [
            "changed 1: 2, +2 -0",
            "changed 2: 0, +0 -2",
            "emptied of 2 (0 untold)",
            "failing 0ns the registry is down (0 untold)",
            "recovered after 0ns",
            "changed 3: 1, +1 -0",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_has_the_state_at_once_and_a_slow_one_only_the_latest() {
    let (mut publisher, _) = publisher();
    let mut early = publisher.subscribe();
    assert!(timeout(SECOND, early.changed()).await.is_err());
    for port in 1..=50 {
        publisher.publish(answer(&[port]));
    }
    assert_eq!(known(&early.changed().await.unwrap()), [50]);
    assert!(timeout(SECOND, early.changed()).await.is_err());
    let mut late = publisher.subscribe();
    assert_eq!(known(&late.state()), [50]);
    assert_eq!(late.changed().await.unwrap().generation(), 50);
    drop(publisher);
    assert!(late.changed().await.is_err() && late.is_stopped());
    assert_eq!(known(&late.state()), [50]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_comes_with_the_first_set_does_not_miss_it() {
    for _ in 0..500 {
        let mut publisher = Publisher::new("strings");
        let first = publisher.subscribe();
        let publish = tokio::spawn(async move {
            publisher.publish(answer(&[1]));
            publisher
        });
        let mut subscription = first.renewed();
        let state = timeout(10 * SECOND, subscription.changed()).await.expect("the first set").unwrap();
        assert_eq!(known(&state), [1]);
        drop(publish.await.unwrap());
    }
}
