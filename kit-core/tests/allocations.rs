//! What is promised to cost no allocation, or exactly one; and how large a stack's future is.

use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::measure;
use futures_util::FutureExt as _;
use kit_core::bridge::{FromService, IntoService, TowerLayer};
use kit_core::{Code, Context, Endpoint, Error, Layer, Metadata, Method, endpoint_fn, middleware_fn, request_fn};

static METHOD: Method = Method::new("tests", "counted");

/// How often `run` allocates, after it ran once: what is made once in a process, such as a lazy static, is none of its own.
#[track_caller]
fn allocations(mut run: impl FnMut()) -> u64 {
    run();
    let info = measure(run);
    assert_eq!(info.count_current, 0, "nothing is kept");
    info.count_total
}

/// Calls an endpoint that never waits, outside of any runtime.
fn call<E: Endpoint<u64, Response = u64>>(endpoint: &E, cx: &mut Context) -> u64 {
    endpoint.call(cx, 1).now_or_never().expect("it never waits").expect("it never fails")
}

/// A layer as a library writes one: it touches the context before the call and after.
#[derive(Clone, Copy)]
struct Measuring;

struct Measured<E> {
    inner: E,
    nanos: AtomicU64,
}

impl<E> Layer<E> for Measuring {
    type Service = Measured<E>;

    fn layer(&self, inner: E) -> Measured<E> {
        Measured { inner, nanos: AtomicU64::new(0) }
    }
}

impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Measured<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let begun = cx.begin();
        let result = self.inner.call(cx, request).await;
        let took = cx.end().duration_since(begun);
        self.nanos.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        if let Some(end) = cx.stream() {
            end.attach(|_| {});
        }
        result
    }
}

fn four<E: Endpoint<u64, Response = u64>>(endpoint: E) -> impl Endpoint<u64, Response = u64> {
    endpoint.layer(Measuring).layer(Measuring).layer(Measuring).layer(Measuring)
}

fn handler() -> impl Endpoint<u64, Response = u64> {
    endpoint_fn(async |cx, request: u64| {
        cx.set_method(&METHOD);
        Ok(request + 1)
    })
}

#[test]
fn a_context_is_made_and_named_without_an_allocation() {
    assert_eq!(allocations(|| drop(Context::new())), 0);
    let name = || {
        let mut cx = Context::new();
        cx.set_method(&METHOD);
        cx.set_request_id(kit_core::RequestId::from_bits(7));
        cx.request_id().expect("named").with_str(|text| assert_eq!(text.len(), 32));
        cx.set_outcome(kit_core::Outcome::Success);
        cx.finish();
    };
    assert_eq!(allocations(name), 0);
}

#[test]
fn a_scope_allocates_nothing_and_a_token_once() {
    let mut cx = Context::new();
    assert_eq!(allocations(|| drop(cx.scope_after(std::time::Duration::from_secs(1)))), 0);
    assert_eq!(allocations(|| cx.scope(None).finish()), 0);
    let tokens = || {
        let mut scope = cx.scope(None);
        let (one, two) = (scope.cancel_token(), scope.cancel_token());
        assert!(!one.is_cancelled() && !two.is_cancelled());
        scope.finish();
    };
    assert_eq!(allocations(tokens), 1);
}

#[test]
fn a_fork_or_an_attempt_allocates_only_to_share_what_came_in_and_that_once() {
    let mut cx = Context::new();
    cx.set_method(&METHOD);
    cx.outbound_mut().insert("out", "there").unwrap();
    cx.extensions_mut().insert(7u8);
    cx.attempts_mut().track();
    let instance = "a:1".into();
    assert_eq!(measure(|| cx.attempts_mut().record(&instance)).count_total, 0);
    assert_eq!(allocations(|| cx.fork().finish()), 0);
    assert_eq!(allocations(|| cx.attempt().keep()), 0);
    assert_eq!(allocations(|| cx.child(&METHOD).finish()), 0);

    let mut inbound = Metadata::default();
    inbound.insert("in", "here").unwrap();
    cx.set_inbound(inbound);
    assert_eq!(measure(|| cx.fork().finish()).count_total, 1);
    assert_eq!(measure(|| cx.fork().finish()).count_total, 0);
    let merge = || {
        let winner = cx.fork();
        cx.merge(winner);
    };
    assert_eq!(allocations(merge), 0);
    assert_eq!(allocations(|| drop(cx.attempt())), 0);
}

#[test]
fn eight_static_layers_add_no_allocation() {
    let bare = handler();
    let layered = four(four(handler()));
    let mut cx = Context::new();
    assert_eq!(allocations(|| assert_eq!(call(&bare, &mut cx), 2)), 0);
    assert_eq!(allocations(|| assert_eq!(call(&layered, &mut cx), 2)), 0);
}

#[test]
fn an_erased_endpoint_allocates_once_a_call_however_much_it_holds() {
    let mut cx = Context::new();
    let erased = handler().boxed();
    assert_eq!(allocations(|| assert_eq!(call(&erased, &mut cx), 2)), 1);
    let erased = four(four(handler())).boxed();
    assert_eq!(allocations(|| assert_eq!(call(&erased, &mut cx), 2)), 1);
    assert_eq!(allocations(|| drop(erased.clone())), 0);
}

#[test]
fn a_middleware_function_allocates_once_a_call() {
    let mut cx = Context::new();
    let through = middleware_fn(async |cx, request: u64, next| next.call(cx, request).await);
    let endpoint = request_fn(async |request: u64| Ok(request + 1)).layer(through);
    assert_eq!(allocations(|| assert_eq!(call(&endpoint, &mut cx), 2)), 1);
    let stateful =
        kit_core::middleware_with(1, async |more, cx, request: u64, next| next.call(cx, request + more).await);
    let endpoint = request_fn(async |request: u64| Ok(request)).layer(stateful);
    assert_eq!(allocations(|| assert_eq!(call(&endpoint, &mut cx), 2)), 1);
}

#[test]
fn a_bridge_allocates_what_its_table_says() {
    let mut cx = Context::new();
    let service = tower::service_fn(|request: u64| std::future::ready(Ok::<_, Error>(request + 1)));
    let from = FromService::new(service);
    assert_eq!(allocations(|| assert_eq!(call(&from, &mut cx), 2)), 0);
    let back = FromService::new(IntoService::new(handler()));
    assert_eq!(allocations(|| assert_eq!(call(&back, &mut cx), 2)), 1);
    // A tower layer: the slot of the context, and the future inside.
    let layered = handler().layer(TowerLayer::new(tower::layer::util::Identity::new()));
    assert_eq!(allocations(|| assert_eq!(call(&layered, &mut cx), 2)), 2);
}

#[test]
fn the_layers_of_every_stack_allocate_nothing() {
    let mut cx = Context::new();
    let layers = || handler().layer(kit_core::recover::RecoverLayer::new());
    let endpoint = layers().layer(kit_core::request_id::RequestIdLayer::default());
    assert_eq!(allocations(|| assert_eq!(call(&endpoint, &mut cx), 2)), 0);
}

#[test]
fn an_error_allocates_once() {
    // A stack that somebody asked for in the environment is taken, and allocates: this test runs without it.
    let asked = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];
    if asked.iter().any(|name| std::env::var_os(name).is_some()) {
        let mut again = std::process::Command::new(std::env::current_exe().expect("this test"));
        for name in asked {
            again.env_remove(name);
        }
        let run = again.args(["--exact", "an_error_allocates_once"]).output().expect("it runs again");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
        return;
    }
    assert_eq!(allocations(|| drop(Error::new(Code::NotFound, "no such cargo"))), 1);
    assert_eq!(allocations(|| drop(Error::not_found("no such cargo").with_reason("no_cargo"))), 1);
    let error = Error::not_found("no such cargo");
    assert_eq!(allocations(|| drop(error.clone())), 0);
}

/// The size of a call's future, in bytes.
fn size<E: Endpoint<u64>>(endpoint: &E) -> usize {
    size_of_val(&endpoint.call(&mut Context::new(), 1))
}

#[test]
fn a_future_grows_by_the_layer_and_not_by_the_power() {
    let sizes = [size(&four(handler())), size(&four(four(handler()))), size(&four(four(four(handler()))))];
    assert_eq!(sizes[2] - sizes[1], sizes[1] - sizes[0], "{sizes:?}");
    // Measured 824 with a request of 8 bytes (64 a layer), and half of that again. A layer that captured its inner future in
    // an `async` block would double at each step: 229 kB at twelve.
    assert!(sizes[2] <= 1_236, "{sizes:?}");
}

#[test]
fn sharing_or_borrowing_an_endpoint_adds_nothing_to_its_future() {
    let endpoint = std::sync::Arc::new(four(handler()));
    assert_eq!(size(&endpoint), size(&*endpoint));
    assert_eq!(size(&&*endpoint), size(&*endpoint));
}
