use kit_core::order::{Placed, ordered, place};
use kit_core::request_id::RequestIdLayer;
use kit_core::{Layer, request_fn};

struct Breaker;
struct Retry;

impl<E> Layer<E> for Breaker {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        inner
    }
}

impl<E> Layer<E> for Retry {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        inner
    }
}

impl Placed for Breaker {
    type Place = place::Breaker;
}

impl Placed for Retry {
    type Place = place::Retry;
}

fn main() {
    let row = request_fn(async |id: u32| Ok(id));
    let _ = ordered(row).layer(Retry).layer(RequestIdLayer::default()).layer(Breaker).endpoint();
}
