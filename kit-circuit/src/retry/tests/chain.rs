//! Services that call services: only the one next to the trouble repeats.

use kit_core::{Attempts, ChildLayer, Metadata};

use super::*;

/// What a wire does to a call: metadata goes over, and of an error what a transport writes. The context on the other side is new.
#[derive(Clone)]
pub(super) struct Wire<E>(pub(super) E);

impl<E: Endpoint<u32>> Endpoint<u32> for Wire<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: u32) -> Result<E::Response, Error> {
        let mut there = Context::new().with_deadline(cx.deadline());
        let headers = cx.outbound().map(|outbound| outbound.headers().clone()).unwrap_or_default();
        there.set_inbound(Metadata::received(headers));
        there.set_method(&READ);
        let result = self.0.call(&mut there, request).await;
        there.finish();
        result.map_err(|error| {
            let back = Error::new(error.code(), error.message().to_owned());
            match error.retry() {
                hint @ (Retry::Never | Retry::After(_)) => back.with_retry(hint),
                _ => back,
            }
        })
    }
}

/// A service whose handler calls the next one over a wire.
pub(super) fn service<E>(next: E, layer: RetryLayer) -> impl Endpoint<u32, Response = E::Response> + Clone
where
    E: Endpoint<u32> + Clone,
{
    Wire(ChildLayer::new(&READ).layer(layer.layer(next)))
}

#[tokio::test(start_paused = true)]
async fn a_dead_leaf_sees_the_repeats_of_its_neighbour_alone() {
    let script = Script::failing((0..99).map(|_| down()));
    let layers = [(); 3].map(|()| retry(3));
    let [top, middle, bottom] = layers.clone();
    let chain = service(service(service(Arc::new(script.endpoint()), bottom), middle), top);
    let error = chain.call(&mut read(), 7).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "down"));
    assert_eq!(script.made(), 3, "not 27");
    assert_eq!(layers.map(|layer| layer.handle().stats().repeats), [0, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn below_a_repeat_each_call_has_one_attempt() {
    // The middle service fails by itself the first time; the repeat of its caller reaches the leaf marked.
    let script = Script::failing((0..99).map(|_| down()));
    let leaf = retry(3);
    // In between is a service that repeats nothing itself, and passes the word on.
    let inner = Wire(ChildLayer::new(&READ).layer(service(Arc::new(script.endpoint()), leaf.clone())));
    let inner = ChildLayer::new(&READ).layer(inner);
    let broken = Arc::new(AtomicU32::new(1));
    let middle = endpoint_with((broken, inner), async |(broken, inner), cx, request| {
        if broken.swap(0, Ordering::Relaxed) > 0 {
            return Err(Error::unavailable("restarting"));
        }
        assert_eq!(cx.inbound().get(Attempts::PREVIOUS), Some("1"));
        inner.call(cx, request).await
    });
    let top = retry(2);
    service(Arc::new(Wire(middle)), top.clone()).call(&mut read(), 7).await.unwrap_err();
    assert_eq!(script.made(), 1);
    assert_eq!((leaf.handle().stats().suppressed, leaf.handle().stats().repeats), (1, 0));
    assert_eq!((top.handle().stats().suppressed, top.handle().stats().repeats), (0, 1));
    assert_eq!(leaf.handle().budget().stats(Instant::now()).calls, 0, "a repeat earns no repeats");
}

#[tokio::test(start_paused = true)]
async fn a_retry_inside_a_retry_leaves_its_repeats_alone() {
    let script = Script::failing((0..99).map(|_| down()));
    let error = script.endpoint().layer(retry(3)).layer(retry(3)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((script.made(), gave_up(&error)), (3, (Why::Attempts, 3)));
}

#[tokio::test(start_paused = true)]
async fn a_retry_inside_a_retry_leaves_its_mark_alone() {
    let marks = Arc::new(Mutex::new(Vec::new()));
    let inner = Script::failing((0..99).map(|_| down())).endpoint().layer(retry(3));
    let between = endpoint_with((Arc::clone(&marks), inner), async |(marks, inner), cx, request| {
        if cx.attempts().number() == 0 {
            return Err(down());
        }
        let result = inner.call(cx, request).await;
        let mark = cx.outbound().and_then(|outbound| outbound.get(Attempts::PREVIOUS)).map(str::to_owned);
        marks.lock().unwrap().push(mark);
        result
    });
    between.layer(retry(2)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!(*marks.lock().unwrap(), [Some("1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn the_mark_of_a_first_attempt_is_none() {
    let marks = Arc::new(Mutex::new(Vec::new()));
    let wire = endpoint_with(Arc::clone(&marks), async |marks, cx, _: u32| {
        let mark = cx.outbound().and_then(|outbound| outbound.get(Attempts::PREVIOUS)).map(str::to_owned);
        marks.lock().unwrap().push(mark);
        Err::<u32, _>(down())
    });
    wire.layer(retry(3)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!(*marks.lock().unwrap(), [None, Some("1".to_owned()), Some("2".to_owned())]);
}
