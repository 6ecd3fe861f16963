//! What is kept, and for how long.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_success_is_served_until_its_time_and_not_a_moment_longer() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 0");
    advance(10 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 0");
    advance(Duration::from_millis(1)).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1");
    let stats = cache.stats();
    assert_eq!((stats.fresh, stats.missed, stats.lookups(), stats.entries), (1, 2, 3, 1));
    assert_eq!(numbers(stats.calls), [2, 0, 2, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_answers_age_counts_from_when_it_was_asked_for() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let endpoint = backend.endpoint().layer(layer);
    backend.answers(Answer::SlowRow);
    ask(&endpoint, 7).await.unwrap();
    advance(10 * SECOND - SECOND / 10).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1");
}

#[tokio::test(start_paused = true)]
async fn that_nothing_is_there_is_remembered_for_its_own_time() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    backend.answers(Answer::Missing);
    for _ in 0..3 {
        assert_eq!(ask(&endpoint, 7).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!((backend.loads(), cache.stats().negative), (1, 2));
    backend.answers(Answer::Row);
    advance(2 * SECOND).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1");
    cache.set(Config { negative_ttl: None, ..config() }).unwrap();
    backend.answers(Answer::Missing);
    for _ in 0..2 {
        ask(&endpoint, 8).await.unwrap_err();
    }
    assert_eq!(backend.loads(), 4);
}

#[tokio::test(start_paused = true)]
async fn no_other_ending_is_kept() {
    for answer in [Answer::Down, Answer::Full, Answer::Denied, Answer::Status500] {
        let (backend, layer) = (Backend::default(), layer(config()));
        let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
        backend.answers(answer);
        let _ = ask(&endpoint, 7).await;
        backend.answers(Answer::Row);
        assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1", "{answer:?}");
        assert_eq!(cache.stats().missed, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_keeps_nothing() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    backend.answers(Answer::Hangs);
    assert!(ask(&endpoint, 7).now_or_never().is_none());
    assert_eq!((numbers(cache.stats().calls), cache.stats().entries), ([1, 0, 0, 0, 1], 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_key_goes_past() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    for load in 0..2 {
        assert_eq!(ask(&endpoint, 1_000).await.unwrap(), format!("row 1000, load {load}"));
    }
    let stats = cache.stats();
    assert_eq!((stats.bypassed, stats.lookups(), stats.entries), (2, 0, 0));
    assert_eq!(stats.missed + stats.bypassed, stats.calls.admitted);
}

#[tokio::test(start_paused = true)]
async fn jitter_only_ever_shortens_and_spreads_the_ends() {
    let layer = layer(Config { jitter: 0.2, ..config() }).random(SeededRandom::new(7));
    let (backend, cache) = (Backend::default(), layer.handle());
    let endpoint = backend.endpoint().layer(layer);
    for id in 0..500 {
        ask(&endpoint, id).await.unwrap();
    }
    let mut fresh = Vec::new();
    for _ in 0..4 {
        advance(if fresh.is_empty() { 8 * SECOND } else { SECOND / 2 }).await;
        let before = cache.stats().fresh;
        backend.answers(Answer::Down);
        for id in 0..500 {
            let _ = ask(&endpoint, id).await;
        }
        fresh.push(cache.stats().fresh - before);
    }
    assert_eq!(fresh[0], 500, "none ends before 80 % of its time");
    assert!((350..400).contains(&fresh[1]) && (225..275).contains(&fresh[2]), "{fresh:?}");
    advance(SECOND / 2).await;
    assert!(ask(&endpoint, 1).await.is_err(), "none outlives its time");
}

#[tokio::test(start_paused = true)]
async fn a_removal_outruns_an_answer_that_is_on_its_way() {
    let (backend, layer) = (Backend::default(), layer(config()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    backend.answers(Answer::SlowRow);
    let mut cx = Context::new();
    let mut reader = Box::pin(endpoint.call(&mut cx, 7));
    assert!(reader.as_mut().now_or_never().is_none());
    cache.remove(&7);
    assert_eq!(reader.await.unwrap(), "row 7, load 0", "its own caller gets it");
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1");
    assert_eq!((cache.stats().outrun, cache.stats().entries), (1, 1));
    cache.clear();
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 2");
}

#[tokio::test(start_paused = true)]
async fn a_full_cache_makes_room_and_the_numbers_add_up() {
    let (backend, layer) = (Backend::default(), layer(Config { max_entries: 20, ..config() }));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    for id in 0..200 {
        ask(&endpoint, id % 100).await.unwrap();
    }
    let stats = cache.stats();
    assert!(stats.entries <= 20);
    assert_eq!((stats.lookups(), stats.missed), (200, stats.calls.ok));
    assert_eq!(stats.evicted, stats.missed - stats.entries as u64);
    cache.set(Config { max_entries: 5, ..config() }).unwrap();
    assert!(cache.stats().entries <= 5);
    assert_eq!(cache.set(Config { max_entries: 0, ..config() }).unwrap_err().field(), "max_entries");
    assert_eq!(cache.config().max_entries, 5);
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_kept_for_ever() {
    let (backend, layer) = (Backend::default(), layer(Config { ttl: Duration::MAX, jitter: 1.0, ..config() }));
    let endpoint = backend.endpoint().layer(layer.random(SeededRandom::new(7)));
    ask(&endpoint, 7).await.unwrap();
    advance(86_400 * SECOND).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 0");
}
