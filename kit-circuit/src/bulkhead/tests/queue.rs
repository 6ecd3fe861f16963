//! Who waits, how long, and in which order.

use kit_core::BoxEndpoint;

use super::*;

/// A bulkhead with one place that is taken until `free_after`.
async fn taken(
    queue: usize,
    max_wait: Option<Duration>,
    free_after: Duration,
) -> (BoxEndpoint<Ending, &'static str>, Handle) {
    let layer = layer(1, queue, max_wait);
    let (endpoint, handle) = (inner().layer(layer.clone()).boxed(), layer.handle());
    let holder = endpoint.clone();
    tokio::spawn(async move { holder.call(&mut Context::new(), Ending::ReplyAfter(free_after)).await });
    tokio::task::yield_now().await;
    assert_eq!(handle.stats().taken, 1);
    (endpoint, handle)
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_the_place_and_sees_how_long_it_took() {
    let (endpoint, handle) = taken(1, Some(2 * SECOND), SECOND).await;
    let mut cx = Context::new();
    let began = cx.now();
    assert_eq!(endpoint.call(&mut cx, Ending::Reply).await.unwrap(), "done");
    assert_eq!(cx.now() - began, SECOND, "the wait is stamped");
    assert_eq!(numbers(handle.stats().calls), [2, 0, 2, 0, 0]);
    assert_eq!((handle.stats().taken, handle.stats().waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_refused_by_whichever_bound_comes_first() {
    for (max_wait, deadline, waited, by_deadline) in
        [(1, None, 1, false), (1, Some(2), 1, false), (2, Some(1), 1, true), (5, Some(0), 0, true)]
    {
        let (endpoint, handle) = taken(1, Some(max_wait * SECOND), 10 * SECOND).await;
        let began = Instant::now();
        let mut cx = Context::at(began).with_deadline(deadline.map(|seconds| began + seconds * SECOND));
        let error = endpoint.call(&mut cx, Ending::Reply).await.unwrap_err();
        let waited = waited * SECOND;
        assert_eq!(began.elapsed(), waited);
        assert_full(&error, if by_deadline { Full::Deadline { waited } } else { Full::Wait { waited } });
        assert_eq!((handle.stats().waiting, handle.stats().calls.refused), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_when_its_place_comes_gives_it_back_unused() {
    let (endpoint, handle) = taken(1, None, SECOND).await;
    let now = Instant::now();
    let mut cx = Context::at(now).with_deadline(Some(now + SECOND));
    let error = endpoint.call(&mut cx, Ending::Hang).await.unwrap_err();
    assert_full(&error, Full::Deadline { waited: SECOND });
    tokio::task::yield_now().await;
    assert_eq!((handle.stats().taken, handle.stats().calls.running()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn places_go_out_in_the_order_of_arrival() {
    let (endpoint, handle) = taken(8, None, SECOND).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..8)
        .map(|n| {
            let (endpoint, order) = (endpoint.clone(), Arc::clone(&order));
            tokio::spawn(async move {
                endpoint.call(&mut Context::new(), Ending::ReplyAfter(SECOND / 10)).await.unwrap();
                order.lock().unwrap().push(n);
            })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(handle.stats().waiting, 8);
    let error = endpoint.call(&mut Context::new(), Ending::Reply).await.unwrap_err();
    assert_full(&error, Full::Queue { max: 1, waiting: 8 });
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_those_who_wait() {
    let (endpoint, _) = taken(2, None, SECOND).await;
    let mut waits = Context::new();
    let mut first = Box::pin(endpoint.call(&mut waits, Ending::Hang));
    assert!(first.as_mut().now_or_never().is_none());
    advance(SECOND).await;
    tokio::task::yield_now().await;
    // The place is free, and promised: a newcomer stands behind.
    let mut newcomer = Context::new();
    assert!(endpoint.call(&mut newcomer, Ending::Reply).now_or_never().is_none());
    assert!(first.as_mut().now_or_never().is_none(), "it runs now");
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_leaves_no_trace_but_a_count() {
    let (endpoint, handle) = taken(1, None, SECOND).await;
    for _ in 0..1_000 {
        assert!(endpoint.call(&mut Context::new(), Ending::Reply).now_or_never().is_none());
    }
    assert_eq!((handle.stats().waiting, handle.stats().calls.refused), (0, 1_000));
    assert_eq!(endpoint.call(&mut Context::new(), Ending::Reply).await.unwrap(), "done");
}
