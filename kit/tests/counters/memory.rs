//! What answers from memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kit::circuit::cache::{self, CacheLayer};
use kit::circuit::idempotency::{self, IdempotencyLayer};
use kit::circuit::single_flight::SingleFlightLayer;
use kit::metrics::Registry;
use kit::{Context, Endpoint as _, Error, Layer as _, observe, request_fn};
use tokio::time::{sleep, timeout};

use crate::{HOUR, MS, PATIENCE, context};

pub(crate) async fn caches(metrics: &Registry) {
    let config =
        cache::Config { max_entries: 8, ttl: MS, jitter: 0.0, stale_on_error: Some(HOUR), ..cache::Config::default() };
    let layer = CacheLayer::new(config, |_: &Context, id: &u32| (*id > 0).then_some(*id)).unwrap();
    let (cache, down) = (layer.handle(), Arc::new(AtomicBool::new(false)));
    observe::cache(metrics, "tests", &cache).unwrap();
    let backend = (cache.clone(), Arc::clone(&down));
    let endpoint = layer.layer(kit::endpoint_with(backend, async |(cache, down), _cx, id: u32| {
        if id == 1 {
            cache.remove(&id);
        }
        if down.load(Ordering::Relaxed) { Err(Error::unavailable("down")) } else { Ok(id) }
    }));
    // Without a key; removed while it is asked for; an old answer in the place of a failure, and while a refresh fails.
    for id in [0, 1, 7] {
        assert_eq!(endpoint.call(&mut context(), id).await.unwrap(), id);
    }
    sleep(5 * MS).await;
    down.store(true, Ordering::Relaxed);
    assert_eq!(endpoint.call(&mut context(), 7).await.unwrap(), 7);
    cache.set(cache::Config { stale_while_refresh: Some(HOUR), ..config }).unwrap();
    assert_eq!(endpoint.call(&mut context(), 7).await.unwrap(), 7);
    let refreshed = async {
        while cache.stats().refreshes.failed == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refreshed).await.expect("a refresh that fails");
    // More than there is room for.
    down.store(false, Ordering::Relaxed);
    for id in 10..100 {
        endpoint.call(&mut context(), id).await.unwrap();
    }
}

pub(crate) async fn flights(metrics: &Registry) {
    let layer = SingleFlightLayer::new(Default::default(), |_: &Context, id: &u32| Some(*id)).unwrap();
    observe::flights(metrics, "tests", &layer.handle()).unwrap();
    let endpoint = layer.layer(request_fn(async |id: u32| {
        sleep(if id == 3 { HOUR } else { MS }).await;
        if id == 2 { Err(Error::unavailable("down")) } else { Ok(id) }
    }));
    let (mut first, mut second) = (context(), context());
    let (first, second) = tokio::join!(endpoint.call(&mut first, 1), endpoint.call(&mut second, 1));
    assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
    assert!(endpoint.call(&mut context(), 2).await.is_err());
    assert!(timeout(MS, endpoint.call(&mut context(), 3)).await.is_err());
}

pub(crate) async fn idempotency_keys(metrics: &Registry) {
    let config = idempotency::Config { max_entries: 1, required: true, ..idempotency::Config::default() };
    // The tens are the key, the request is all of it.
    let layer = IdempotencyLayer::new(config, |_: &Context, id: &u32| (*id > 9).then_some(*id / 10)).unwrap();
    let layer = layer.fingerprint(|id| u64::from(*id));
    observe::idempotency(metrics, "tests", &layer.handle()).unwrap();
    let endpoint =
        layer.layer(request_fn(async |id: u32| if id == 21 { Err(Error::unavailable("down")) } else { Ok(id) }));
    for (id, answered) in [(11, true), (11, true), (12, false), (1, false), (21, false)] {
        assert_eq!(endpoint.call(&mut context(), id).await.is_ok(), answered, "{id}");
    }
    let refused =
        |why| metrics.snapshot().value("kit_idempotency_refused_total", &[("operation", "tests"), ("why", why)]);
    assert_eq!((refused("missing"), refused("reused")), (Some(1.0), Some(1.0)));
}
