use kit_circuit::fallback::{Failure, FallbackLayer};
use kit_circuit::retry::RetryLayer;
use kit_core::order::ordered;
use kit_core::request_fn;

fn main() {
    let row = request_fn(async |id: u32| Ok(id));
    let makeshift = FallbackLayer::new(Default::default(), request_fn(async |_: Failure<u32>| Ok(0))).unwrap();
    let _ = ordered(row).layer(makeshift).layer(RetryLayer::default()).endpoint();
}
