use std::rc::Rc;

use kit_core::endpoint_fn;

fn main() {
    let _endpoint = endpoint_fn(async |_cx, n: u32| {
        let shared = Rc::new(n);
        tokio::task::yield_now().await;
        Ok(*shared)
    });
}
