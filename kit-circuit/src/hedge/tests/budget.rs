//! What hedges cost at most (`reliability.md`, L4): a twentieth, and with retries what the budget of both allows.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::budget::{self, Budget};
use crate::retry::RetryLayer;

/// Calls beside one another, one every ten milliseconds, for so long. Answers how many, and how many attempts were seen.
async fn load<E>(seconds: u32, attempts: &AtomicU32, endpoint: E) -> (f64, f64)
where
    E: Endpoint<u32> + Clone + 'static,
{
    let mut calls = tokio::task::JoinSet::new();
    let mut every = tokio::time::interval(10 * MS);
    for n in 0..seconds * 100 {
        every.tick().await;
        let endpoint = endpoint.clone();
        calls.spawn(async move { endpoint.call(&mut read(), n).await.is_ok() });
        while calls.try_join_next().is_some() {}
    }
    calls.join_all().await;
    (f64::from(seconds * 100), f64::from(attempts.load(Ordering::Relaxed)))
}

/// Takes as long as `takes` says for the n-th attempt.
fn slow(attempts: &Arc<AtomicU32>, takes: fn(u32) -> u32) -> impl Endpoint<u32, Response = u32> + 'static {
    endpoint_with((Arc::clone(attempts), takes), async |(attempts, takes), _cx, request| {
        let n = attempts.fetch_add(1, Ordering::Relaxed);
        sleep(takes(n) * MS).await;
        Ok(request)
    })
}

#[tokio::test(start_paused = true)]
async fn hedges_at_the_95th_percentile_are_a_twentieth_of_the_calls() {
    // One in twenty-five is slow; then all of them are, and ever more so.
    let some: fn(u32) -> u32 = |n| if n.is_multiple_of(25) { 500 } else { 10 };
    let all: fn(u32) -> u32 = |n| if n < 1_000 { 10 } else { 10 + n / 4 };
    for (takes, won) in [(some, true), (all, false)] {
        let (attempts, layer) = (Arc::default(), HedgeLayer::default());
        let endpoint = Arc::new(slow(&attempts, takes).layer(layer.clone()));
        let (calls, attempts) = load(60, &attempts, endpoint).await;
        assert!(attempts <= 1.05 * calls, "{attempts} attempts of {calls} calls");
        assert!(attempts >= 1.03 * calls, "{attempts} attempts of {calls} calls: it does hedge");
        let stats = layer.handle().stats();
        assert_eq!((stats.calls.ok, stats.sent), (6_000, (attempts - calls) as u64));
        assert_eq!(stats.won > 0, won, "where the second is slower still, none wins");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_leaves_the_first_attempt_alone() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&heard);
    let config = Config { delay: Delay::Fixed(DELAY), ratio: 0.0, per_second: 0, attempts: 3 };
    let layer = HedgeLayer::new(config).unwrap().observe(move |event: &Event| {
        assert!(matches!(event, Event::Spent { method: Some(_) }));
        telling.lock().unwrap().push(());
    });
    let backend = Backend::new([Reply(500)]);
    assert_eq!(backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap(), 0);
    assert_eq!((backend.seen().len(), heard.lock().unwrap().len()), (1, 1), "it does not ask again");
    assert_eq!(layer.handle().stats().spent, 1);
}

#[tokio::test(start_paused = true)]
async fn retries_and_hedges_spend_one_budget() {
    let budget = Budget::new(budget::Config::default()).unwrap();
    let config = Config { delay: Delay::Fixed(DELAY), ratio: 1.0, ..Config::default() };
    let hedge = HedgeLayer::new(config).unwrap().budget(&budget);
    let retry = RetryLayer::default().budget(&budget);
    let attempts = Arc::new(AtomicU32::new(0));
    // Slow and failing: both have every reason.
    let endpoint = endpoint_with(Arc::clone(&attempts), async |attempts, _cx, _: u32| {
        attempts.fetch_add(1, Ordering::Relaxed);
        sleep(100 * MS).await;
        Err::<u32, _>(Error::unavailable("down"))
    });
    let (handles, endpoint) = ((hedge.handle(), retry.handle()), Arc::new(endpoint.layer(hedge).layer(retry)));
    let (calls, attempts) = load(60, &attempts, endpoint).await;
    assert!(attempts <= 1.2 * calls + 600.0, "{attempts} attempts of {calls} calls");
    let (hedges, retries) = (handles.0.stats().sent, handles.1.stats().repeats);
    assert_eq!((attempts - calls) as u64, hedges + retries);
    assert!(hedges > 100 && retries > 0, "{hedges} hedges, {retries} retries");
    assert_eq!(budget.stats(Instant::now()).granted, hedges + retries);
}
