//! The layers that stand between a caller and a backend, in the order that compiles.
#![cfg(feature = "cache")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_circuit::Counts;
use kit_circuit::bulkhead::{self, BulkheadLayer};
use kit_circuit::cache::batch::BatchCacheLayer;
use kit_circuit::cache::{self, CacheLayer};
use kit_circuit::chaos::{self, ChaosLayer};
use kit_circuit::fallback::{Failure, FallbackLayer, FellBack};
use kit_circuit::single_flight::SingleFlightLayer;
use kit_circuit::single_flight::batch::BatchFlightLayer;
use kit_circuit::timeout::{DeadlineLayer, TimeoutLayer};
use kit_core::order::ordered;
use kit_core::{Context, Endpoint, endpoint_with, request_fn};
use tokio::time::{Instant, advance, sleep};

const LOAD: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);

fn settled(calls: Counts) -> bool {
    calls.running() == 0 && calls.offered() == calls.refused + calls.ok + calls.failed + calls.cancelled
}

/// AS-10, through a cache: a thousand readers of a cold key are one load, and the first may leave.
#[tokio::test(start_paused = true)]
async fn a_thousand_readers_of_a_cold_key_take_one_place() {
    let loads = Arc::new(AtomicUsize::new(0));
    let backend = endpoint_with(Arc::clone(&loads), async |loads, _cx, id: u32| {
        loads.fetch_add(1, Ordering::Relaxed);
        sleep(LOAD).await;
        Ok(format!("row {id}"))
    });
    let one = BulkheadLayer::new(bulkhead::Config { max: 1, queue: 0, max_wait: None }).expect("in range");
    let flights = SingleFlightLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id)).expect("in range");
    let memory = CacheLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id)).expect("in range");
    let places = one.handle();
    let endpoint = ordered(backend).layer(one).layer(flights).layer(memory).layer(DeadlineLayer::default());
    let endpoint = Arc::new(endpoint.endpoint());
    let began = Instant::now();
    let mut readers: Vec<_> = (0..1_000)
        .map(|_| {
            let endpoint = Arc::clone(&endpoint);
            tokio::spawn(async move { endpoint.call(&mut Context::new(), 7).await })
        })
        .collect();
    tokio::task::yield_now().await;
    sleep(LOAD / 5).await;
    readers.remove(0).abort();
    for reader in readers {
        assert_eq!(reader.await.expect("no panic").expect("an answer"), "row 7");
    }
    assert_eq!((loads.load(Ordering::Relaxed), began.elapsed()), (1, LOAD));
    assert_eq!(endpoint.call(&mut Context::new(), 7).await.expect("kept"), "row 7");
    assert_eq!((loads.load(Ordering::Relaxed), places.stats().taken), (1, 0));
}

/// AS-9: rows in the order of the request, what is missing said and remembered, one query for what is not known.
#[tokio::test(start_paused = true)]
async fn a_batch_asks_once_for_what_nobody_knows() {
    let queries = Arc::new(Mutex::new(Vec::new()));
    let backend = endpoint_with(Arc::clone(&queries), async |queries, _cx, mut ids: Vec<u32>| {
        ids.sort_unstable();
        queries.lock().expect("no panic").push(ids.clone());
        Ok(ids.into_iter().filter(|id| *id < 900).map(|id| (id, id * 2)).collect::<HashMap<_, _>>())
    });
    let flights = BatchFlightLayer::new(Default::default()).expect("in range");
    let memory = BatchCacheLayer::new(Default::default()).expect("in range");
    let endpoint = ordered(backend).layer(flights).layer(memory).endpoint();
    endpoint.call(&mut Context::new(), vec![106]).await.expect("rows");
    for _ in 0..2 {
        let rows = endpoint.call(&mut Context::new(), vec![107, 106, 999, 106]).await.expect("rows");
        assert_eq!(rows, [Some(214), Some(212), None, Some(212)]);
    }
    assert_eq!(*queries.lock().expect("no panic"), [vec![106], vec![107, 999]]);
}

/// A backend that is slow, fails, hangs and panics, behind everything: nobody waits too long, most get an answer, and all adds up.
#[tokio::test(start_paused = true)]
async fn through_faults_of_every_kind_callers_are_answered_and_the_numbers_add_up() {
    let faults =
        chaos::Config { enabled: true, latency: 0.3, error: 0.1, hang: 0.1, panic: 0.1, ..chaos::Config::default() };
    let faults = ChaosLayer::new(faults).expect("in range").arm();
    let places = BulkheadLayer::new(bulkhead::Config { max: 4, queue: 4, max_wait: Some(SECOND) }).expect("in range");
    let limit = TimeoutLayer::new(SECOND).expect("more than zero");
    let flights = SingleFlightLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id)).expect("in range");
    let brief = cache::Config {
        ttl: SECOND,
        stale_while_refresh: Some(2 * SECOND),
        stale_on_error: Some(10 * SECOND),
        ..cache::Config::default()
    };
    let memory = CacheLayer::new(brief, |_: &Context, id: &u32| Some(*id)).expect("in range");
    let makeshift = request_fn(async |_: Failure<u32>| Ok(0));
    let makeshift = FallbackLayer::new(Default::default(), makeshift).expect("in range");
    let (chaos, bulkhead, timeout) = (faults.handle(), places.handle(), limit.handle());
    let (flight, cache, fallback) = (flights.handle(), memory.handle(), makeshift.handle());
    let endpoint = ordered(request_fn(async |id: u32| Ok(id + 1)))
        .layer(faults)
        .layer(places)
        .layer(limit)
        .layer(flights)
        .layer(memory)
        .layer(makeshift)
        .layer(DeadlineLayer::default())
        .endpoint();
    let endpoint = Arc::new(endpoint);
    let mut fell_back = 0;
    for _ in 0..100 {
        let calls: Vec<_> = (0..20)
            .map(|n| {
                let endpoint = Arc::clone(&endpoint);
                tokio::spawn(async move {
                    let (began, mut cx) = (Instant::now(), Context::new());
                    let answer = endpoint.call(&mut cx, n % 12).await;
                    assert!(began.elapsed() <= 2 * SECOND, "{:?}", began.elapsed());
                    let made_up = cx.extensions().get::<FellBack>().is_some();
                    assert_eq!(answer.expect("an answer"), if made_up { 0 } else { n % 12 + 1 });
                    made_up
                })
            })
            .collect();
        for call in calls {
            fell_back += u64::from(call.await.expect("no panic reaches a caller"));
        }
        advance(SECOND).await;
    }
    sleep(60 * SECOND).await;
    assert_eq!((bulkhead.stats().taken, bulkhead.stats().waiting), (0, 0));
    assert_eq!((flight.stats().under_way, cache.stats().refreshing), (0, 0));
    for calls in [
        chaos.stats().calls,
        bulkhead.stats().calls,
        timeout.stats(),
        flight.stats().calls,
        flight.stats().flights,
        cache.stats().calls,
        cache.stats().refreshes,
        fallback.stats().calls,
        fallback.stats().fallbacks,
    ] {
        assert!(settled(calls) && calls.admitted > 0, "{calls:?}");
    }
    assert_eq!(cache.stats().lookups(), 2_000);
    assert_eq!(timeout.stats().admitted, bulkhead.stats().calls.offered());
    assert_eq!(bulkhead.stats().calls.admitted, chaos.stats().calls.admitted);
    assert_eq!((fallback.stats().fallbacks.ok, fallback.stats().fallbacks.admitted), (fell_back, fell_back));
    assert!(cache.stats().stale > 0 && cache.stats().rescued > 0 && fell_back > 0);
}
