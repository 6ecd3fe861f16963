//! What the RED layer costs on the heap: nothing, once a method's handles are resolved.

#[path = "support/alloc.rs"]
mod alloc;

use futures_util::FutureExt as _;
use kit_core::{Context, Endpoint as _, Error, Method, request_fn};
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;

#[global_allocator]
static COUNTING: alloc::Counting = alloc::Counting;

static COUNT: Method = Method::new("strings", "count");

#[test]
fn a_call_allocates_nothing_once_its_handles_are_resolved() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    // An error costs an allocation of its own, so it is made beforehand.
    let refusal = Error::not_found("empty");
    let endpoint = request_fn(async |text: Result<&'static str, Error>| text.map(str::len));
    let endpoint = endpoint.layer(RedLayer::client(&registry)?).layer(RedLayer::server(&registry)?);
    let work = || {
        let mut cx = Context::new();
        cx.set_method(&COUNT);
        assert_eq!(endpoint.call(&mut cx, Ok("four")).now_or_never().expect("ready at once").ok(), Some(4));
        assert!(endpoint.call(&mut cx, Err(refusal.clone())).now_or_never().expect("ready at once").is_err());
    };
    let count = || {
        let before = alloc::of_this_thread();
        work();
        alloc::of_this_thread() - before
    };
    assert!(count() > 0, "handles are made when a method is first called");
    assert_eq!(count(), 0);
    Ok(())
}
