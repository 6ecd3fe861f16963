//! Bounds that change while calls run.

use super::*;

#[tokio::test(start_paused = true)]
async fn more_places_go_to_those_who_wait() {
    let layer = layer(1, 4, None);
    let (endpoint, handle) = (Arc::new(inner().layer(layer.clone())), layer.handle());
    for _ in 0..4 {
        let endpoint = Arc::clone(&endpoint);
        tokio::spawn(async move { endpoint.call(&mut Context::new(), Ending::Hang).await });
    }
    tokio::task::yield_now().await;
    assert_eq!((handle.stats().taken, handle.stats().waiting), (1, 3));
    handle.set(Config { max: 3, ..handle.config() }).unwrap();
    tokio::task::yield_now().await;
    assert_eq!((handle.stats().taken, handle.stats().waiting), (3, 1));
    assert_eq!(handle.stats().calls.admitted, 3, "counts go on");
}

#[tokio::test(start_paused = true)]
async fn fewer_places_are_reached_as_calls_end() {
    let layer = layer(3, 0, None);
    let (endpoint, handle) = (inner().layer(layer.clone()), layer.handle());
    let mut contexts = [Context::new(), Context::new(), Context::new()];
    let mut running: Vec<_> = contexts.iter_mut().map(|cx| Box::pin(endpoint.call(cx, Ending::Hang))).collect();
    for call in &mut running {
        assert!(call.as_mut().now_or_never().is_none());
    }
    handle.set(Config { max: 1, ..handle.config() }).unwrap();
    for left in [2, 1] {
        running.pop();
        assert_eq!(handle.stats().taken, left, "nobody lost a place");
        endpoint.call(&mut Context::new(), Ending::Reply).await.unwrap_err();
    }
    running.pop();
    endpoint.call(&mut Context::new(), Ending::Reply).await.unwrap();
}

#[test]
fn bad_bounds_change_nothing() {
    let handle = BulkheadLayer::default().handle();
    assert_eq!(handle.set(Config { max: 0, ..Config::default() }).unwrap_err().field(), "max");
    assert_eq!(handle.config(), Config::default());
    assert!(BulkheadLayer::new(Config { max_wait: Some(Duration::ZERO), ..Config::default() }).is_err());
}
