//! What a callee that is down has to bear (`reliability.md`, L4): at most 1.2 × the calls and ten a second, through a minute.

use super::chain::service;
use super::*;

/// Up until it is told, then down: a failure takes it a while.
#[derive(Clone, Default)]
struct Leaf {
    attempts: Arc<AtomicU32>,
    down: Arc<AtomicU32>,
    hangs: bool,
}

impl Leaf {
    fn endpoint(&self) -> impl Endpoint<u32, Response = u32> + use<> {
        endpoint_with(self.clone(), async |leaf, _cx, request| {
            leaf.attempts.fetch_add(1, Ordering::Relaxed);
            if leaf.down.load(Ordering::Relaxed) == 0 {
                return Ok(request);
            }
            if leaf.hangs {
                std::future::pending::<()>().await;
            }
            sleep(5 * MS).await;
            Err(down())
        })
    }
}

/// Calls made beside one another, so many a second: for 20 s while all is well, then for a minute of outage. Answers how many calls
/// the minute had, and how many attempts the leaf saw in it.
async fn outage<E>(leaf: &Leaf, endpoint: E, per_second: u32) -> (f64, f64)
where
    E: Endpoint<u32> + Clone + 'static,
{
    let run = async |seconds: u32| {
        let mut calls = tokio::task::JoinSet::new();
        let mut every = tokio::time::interval(Duration::from_secs(1) / per_second);
        for n in 0..seconds * per_second {
            every.tick().await;
            let endpoint = endpoint.clone();
            calls.spawn(async move {
                let mut cx = read().with_deadline(Some(Instant::now() + Duration::from_secs(2)));
                endpoint.call(&mut cx, n).await.is_ok()
            });
            while calls.try_join_next().is_some() {}
        }
        calls.join_all().await;
    };
    run(20).await;
    leaf.down.store(1, Ordering::Relaxed);
    let before = leaf.attempts.load(Ordering::Relaxed);
    run(60).await;
    (f64::from(60 * per_second), f64::from(leaf.attempts.load(Ordering::Relaxed) - before))
}

#[tokio::test(start_paused = true)]
async fn through_a_minute_of_outage_it_sends_a_fifth_more_and_ten_a_second() {
    for (per_second, attempts) in [(1, 3), (20, 3), (200, 3), (50, 100)] {
        let leaf = Leaf::default();
        let layer = retry(attempts);
        let endpoint = Arc::new(leaf.endpoint().layer(layer.clone()));
        let (calls, attempts) = outage(&leaf, endpoint, per_second).await;
        assert!(attempts <= 1.2 * calls + 600.0, "{attempts} attempts of {calls} calls at {per_second}/s");
        // And it is not so low for want of trying.
        let wanted = (2.0 * calls).min(0.2 * calls + 500.0);
        assert!(attempts >= calls + 0.9 * wanted, "{attempts} attempts of {calls} calls at {per_second}/s");
        assert_eq!(layer.handle().stats().calls.running(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_three_sends_its_leaf_at_most_half_more_than_its_calls() {
    for hangs in [false, true] {
        let leaf = Leaf { hangs, ..Default::default() };
        // Those above have more patience than those below, as they must.
        let [bottom, middle, top] = [300, 600, 900].map(|ms| {
            let config = Config { per_try: Some(ms * MS), ..Config::default() };
            RetryLayer::new(config).unwrap().random(SeededRandom::new(ms.into()))
        });
        let chain = service(service(service(Arc::new(leaf.endpoint()), bottom), middle), top);
        let (calls, attempts) = outage(&leaf, chain, 200).await;
        assert!(attempts <= 1.5 * calls, "{attempts} attempts of {calls} calls, hanging: {hangs}");
        assert!(attempts > 1.1 * calls, "{attempts} attempts of {calls} calls, hanging: {hangs}");
    }
}
