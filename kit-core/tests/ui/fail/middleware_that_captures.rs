use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::middleware_fn;

fn main() {
    let calls = Arc::new(AtomicU64::new(0));
    let _middleware = middleware_fn(async move |cx, n: u32, next: kit_core::Next<'_, u32, u32>| {
        calls.fetch_add(1, Ordering::Relaxed);
        next.call(cx, n).await
    });
}
