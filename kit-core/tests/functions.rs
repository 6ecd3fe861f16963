//! Functions as endpoints and as middleware: every spelling that works, and that what comes out goes everywhere.

use std::sync::Arc;

use kit_core::{
    BoxEndpoint, Context, Endpoint, Error, Next, endpoint_fn, endpoint_with, middleware_fn, middleware_with,
    request_fn, request_with,
};

/// Calls it from a task of its own: what an endpoint must be able to stand.
async fn spawned<E>(endpoint: E, request: u32) -> u32
where
    E: Endpoint<u32, Response = u32> + 'static,
{
    let call = async move { endpoint.call(&mut Context::new(), request).await };
    tokio::spawn(call).await.expect("no panic").expect("an answer")
}

/// A multiplier: the state of a handler.
#[derive(Clone)]
struct Times(u32);

impl Times {
    async fn apply(&self, _cx: &mut Context, request: u32) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        Ok(self.0 * request)
    }

    async fn pure(&self, request: u32) -> Result<u32, Error> {
        Ok(self.0 * request)
    }
}

async fn double(cx: &mut Context, request: u32) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    cx.stamp();
    Ok(2 * request)
}

async fn double_alone(request: u32) -> Result<u32, Error> {
    Ok(2 * request)
}

async fn times(state: &Times, cx: &mut Context, request: u32) -> Result<u32, Error> {
    state.apply(cx, request).await
}

#[tokio::test]
async fn endpoint_fn_takes_items_and_closures_with_types_said_or_inferred() {
    assert_eq!(spawned(endpoint_fn(double), 4).await, 8);
    assert_eq!(
        spawned(endpoint_fn(async |cx: &mut Context, r: u32| -> Result<u32, Error> { double(cx, r).await }), 4).await,
        8
    );
    assert_eq!(spawned(endpoint_fn(async |_cx, r: u32| Ok(2 * r)), 4).await, 8);
    assert_eq!(spawned(endpoint_fn(async |cx, r| double(cx, r).await), 4).await, 8);
    assert_eq!(spawned(endpoint_fn(|_cx: &mut Context, r: u32| std::future::ready(Ok(2 * r))), 4).await, 8);
}

#[tokio::test]
async fn endpoint_with_hands_state_in() {
    assert_eq!(spawned(endpoint_with(Times(3), times), 4).await, 12);
    assert_eq!(spawned(endpoint_with(Times(3), Times::apply), 4).await, 12);
    assert_eq!(
        spawned(endpoint_with(Times(3), async |times: &Times, cx: &mut Context, r: u32| times.apply(cx, r).await), 4)
            .await,
        12
    );
    assert_eq!(spawned(endpoint_with(Times(3), async |times, cx, r: u32| times.apply(cx, r).await), 4).await, 12);
    assert_eq!(spawned(endpoint_with(Arc::new(Times(3)), async |times, cx, r| times.apply(cx, r).await), 4).await, 12);
}

#[tokio::test]
async fn request_fn_and_request_with_leave_the_context_out() {
    assert_eq!(spawned(request_fn(double_alone), 4).await, 8);
    assert_eq!(spawned(request_fn(async |r: u32| -> Result<u32, Error> { double_alone(r).await }), 4).await, 8);
    assert_eq!(spawned(request_fn(async |r| double_alone(r).await), 4).await, 8);
    assert_eq!(spawned(request_with(Times(3), Times::pure), 4).await, 12);
    assert_eq!(spawned(request_with(Times(3), async |times: &Times, r: u32| times.pure(r).await), 4).await, 12);
    assert_eq!(spawned(request_with(Times(3), async |times, r| times.pure(r).await), 4).await, 12);
}

#[tokio::test]
async fn request_fn_takes_a_closure_that_only_borrows() {
    let times = Times(3);
    let alone = request_fn(async |r: u32| times.pure(r).await);
    assert_eq!(alone.call(&mut Context::new(), 4).await.unwrap(), 12);
}

/// Adds one to what comes back.
async fn add_one(cx: &mut Context, request: u32, next: Next<'_, u32, u32>) -> Result<u32, Error> {
    Ok(next.call(cx, request).await? + 1)
}

async fn add(more: &u32, cx: &mut Context, request: u32, next: Next<'_, u32, u32>) -> Result<u32, Error> {
    Ok(next.call(cx, request).await? + more)
}

#[tokio::test]
async fn middleware_fn_and_middleware_with_take_the_same_spellings() {
    let inner = || request_fn(double_alone);
    assert_eq!(spawned(inner().layer(middleware_fn(add_one)), 4).await, 9);
    assert_eq!(
        spawned(inner().layer(middleware_fn(async |cx, r: u32, next| Ok(next.call(cx, r).await? + 1))), 4).await,
        9
    );
    let annotated =
        async |cx: &mut Context, r: u32, next: Next<'_, u32, u32>| -> Result<u32, Error> { add_one(cx, r, next).await };
    assert_eq!(spawned(inner().layer(middleware_fn(annotated)), 4).await, 9);
    assert_eq!(spawned(inner().layer(middleware_with(5, add)), 4).await, 13);
    assert_eq!(
        spawned(
            inner().layer(middleware_with(5, async |more, cx, r: u32, next| Ok(next.call(cx, r).await? + *more))),
            4
        )
        .await,
        13
    );
}

#[tokio::test]
async fn middleware_may_call_on_several_times_or_not_at_all_and_change_the_answers_type() {
    let twice = middleware_fn(async |cx, request: u32, next: Next<'_, u32, u32>| {
        if request == 0 {
            return Ok(String::from("none"));
        }
        let (one, two) = (next.call(cx, request).await?, next.call(cx, request + 1).await?);
        Ok(format!("{one} and {two}"))
    });
    let endpoint = request_fn(double_alone).layer(twice);
    assert_eq!(endpoint.call(&mut Context::new(), 4).await.unwrap(), "8 and 10");
    assert_eq!(endpoint.call(&mut Context::new(), 0).await.unwrap(), "none");
}

/// Notes its name on the way out.
async fn note(
    name: &&'static str,
    cx: &mut Context,
    request: u32,
    next: Next<'_, u32, Vec<&'static str>>,
) -> Result<Vec<&'static str>, Error> {
    let mut names = next.call(cx, request).await?;
    names.insert(0, *name);
    Ok(names)
}

#[tokio::test]
async fn the_last_layer_named_is_the_outermost_and_in_a_service_builder_the_first() {
    let handler = request_fn(async |_: u32| Ok(vec!["handler"]));
    let (a, b) = (middleware_with("a", note), middleware_with("b", note));
    let by_method = handler.layer(a.clone()).layer(b.clone());
    assert_eq!(by_method.call(&mut Context::new(), 1).await.unwrap(), ["b", "a", "handler"]);
    let by_builder = tower::ServiceBuilder::new().layer(a).layer(b).service(handler);
    assert_eq!(by_builder.call(&mut Context::new(), 1).await.unwrap(), ["a", "b", "handler"]);
}

#[tokio::test]
async fn shared_borrowed_and_erased_endpoints_are_endpoints() {
    let endpoint = endpoint_with(Times(3), times);
    async fn call_it<E: Endpoint<u32>>(endpoint: E) -> E::Response {
        endpoint.call(&mut Context::new(), 4).await.unwrap()
    }
    assert_eq!(call_it(&endpoint).await, 12);
    let shared = Arc::new(endpoint);
    assert_eq!(spawned(Arc::clone(&shared), 4).await, 12);
    let erased: BoxEndpoint<u32, u32> = shared.boxed();
    assert_eq!(spawned(erased.clone(), 4).await, 12);
    let again = BoxEndpoint::new(erased).layer(middleware_fn(add_one));
    assert_eq!(spawned(again, 4).await, 13);
}

#[tokio::test]
async fn endpoints_of_different_types_stand_in_one_map() {
    let mut routes: std::collections::HashMap<&str, BoxEndpoint<u32, u32>> = std::collections::HashMap::new();
    routes.insert("double", endpoint_fn(double).boxed());
    routes.insert("times", endpoint_with(Times(3), Times::apply).boxed());
    assert_eq!(routes["double"].call(&mut Context::new(), 4).await.unwrap(), 8);
    assert_eq!(routes["times"].call(&mut Context::new(), 4).await.unwrap(), 12);
}

#[tokio::test]
async fn forked_contexts_carry_calls_side_by_side() {
    let endpoint = endpoint_fn(async |cx, request: u32| {
        cx.outbound_mut().insert("asked", &request.to_string())?;
        Ok(2 * request)
    });
    let mut cx = Context::new();
    let (mut one, mut two) = (cx.fork(), cx.fork());
    let (x, y) = tokio::join!(endpoint.call(&mut one, 1), endpoint.call(&mut two, 2));
    assert_eq!((x.unwrap(), y.unwrap()), (2, 4));
    cx.merge(two);
    one.finish();
    assert_eq!(cx.outbound().and_then(|outbound| outbound.get("asked")), Some("2"));
}

/// A layer that is generic over every request, as a library writes one; a service is generic over its endpoint.
struct Counting<E>(E, std::sync::atomic::AtomicU32);

impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Counting<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.call(cx, request).await
    }
}

#[tokio::test]
async fn a_generic_endpoint_is_spawned_without_more_bounds() {
    async fn fan_out<E: Endpoint<u32, Response = u32> + 'static>(endpoint: Arc<E>) -> u32 {
        let calls = (1..=3).map(|n| {
            let endpoint = Arc::clone(&endpoint);
            tokio::spawn(async move { endpoint.call(&mut Context::new(), n).await })
        });
        let mut sum = 0;
        for call in calls {
            sum += call.await.unwrap().unwrap();
        }
        sum
    }
    let counting = Arc::new(Counting(request_fn(double_alone), 0.into()));
    assert_eq!(fan_out(Arc::clone(&counting)).await, 12);
    assert_eq!(counting.1.load(std::sync::atomic::Ordering::Relaxed), 3);
}
