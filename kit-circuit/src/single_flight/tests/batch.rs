use std::collections::HashMap;

use super::super::batch::BatchFlightLayer;
use super::*;

/// What each call asked for, sorted.
type Asked = Arc<Mutex<Vec<Vec<u32>>>>;

/// Rows for ids below 900, after 50 ms.
fn backend(asked: &Asked) -> impl Endpoint<Vec<u32>, Response = HashMap<u32, String>> + use<> {
    endpoint_with(Arc::clone(asked), async |asked, _cx, ids: Vec<u32>| {
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        asked.lock().unwrap().push(sorted);
        sleep(LOAD).await;
        match ids.contains(&666) {
            true => Err(Error::unavailable("down")),
            false => Ok(ids.into_iter().filter(|id| *id < 900).map(|id| (id, format!("row {id}"))).collect()),
        }
    })
}

fn rows(ids: &[u32]) -> Vec<Option<String>> {
    ids.iter().map(|id| (*id < 900).then(|| format!("row {id}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_in_its_order_with_what_is_missing_said() {
    let asked = Asked::default();
    let endpoint = backend(&asked).layer(BatchFlightLayer::new(Config::default()).unwrap());
    let ids = [107, 106, 999, 106];
    assert_eq!(endpoint.call(&mut Context::new(), ids.to_vec()).await.unwrap(), rows(&ids));
    assert_eq!(*asked.lock().unwrap(), [[106, 107, 999]], "each once, in one call");
    assert_eq!(endpoint.call(&mut Context::new(), Vec::new()).await.unwrap(), rows(&[]));
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing asked, nobody called");
}

#[tokio::test(start_paused = true)]
async fn batches_that_overlap_ask_for_each_key_once() {
    let (asked, layer) = (Asked::default(), BatchFlightLayer::new(Config::default()).unwrap());
    let (endpoint, handle) = (backend(&asked).layer(layer.clone()), layer.handle());
    let (mut one, mut two, mut three) = (Context::new(), Context::new(), Context::new());
    let began = Instant::now();
    let (a, b, c) = tokio::join!(
        endpoint.call(&mut one, vec![1, 2]),
        endpoint.call(&mut two, vec![2, 3, 1, 4]),
        endpoint.call(&mut three, vec![4, 2])
    );
    assert_eq!((a.unwrap(), b.unwrap(), c.unwrap()), (rows(&[1, 2]), rows(&[2, 3, 1, 4]), rows(&[4, 2])));
    assert_eq!(*asked.lock().unwrap(), [[1, 2], [3, 4]]);
    assert_eq!(began.elapsed(), LOAD);
    let stats = handle.stats();
    assert_eq!((stats.calls.ok, stats.flights.ok, stats.joined, stats.under_way), (3, 2, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn the_one_that_began_a_batch_may_leave() {
    let asked = Asked::default();
    let endpoint = backend(&asked).layer(BatchFlightLayer::new(Config::default()).unwrap());
    let (mut one, mut two) = (Context::new(), Context::new());
    let mut first = Box::pin(endpoint.call(&mut one, vec![1, 2]));
    let mut second = Box::pin(endpoint.call(&mut two, vec![2, 3]));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(second.await.unwrap(), rows(&[2, 3]));
    assert_eq!(*asked.lock().unwrap(), [vec![1, 2], vec![3]]);
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_needed_and_did_not_get_fails_it() {
    let (asked, layer) = (Asked::default(), BatchFlightLayer::new(Config::default()).unwrap());
    let (endpoint, handle) = (backend(&asked).layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, vec![666]), endpoint.call(&mut two, vec![1, 666]));
    assert_eq!(a.unwrap_err().id(), b.unwrap_err().id());
    assert_eq!(endpoint.call(&mut Context::new(), vec![1]).await.unwrap(), rows(&[1]));
    assert_eq!((handle.stats().calls.failed, handle.stats().under_way), (2, 0));
}
