use kit_circuit::breaker::BreakerLayer;
use kit_circuit::bulkhead::BulkheadLayer;
use kit_circuit::fallback::{Failure, FallbackLayer};
use kit_circuit::hedge::HedgeLayer;
use kit_circuit::retry::RetryLayer;
use kit_circuit::timeout::DeadlineLayer;
use kit_core::order::ordered;
use kit_core::request_fn;

fn main() {
    let row = request_fn(async |id: u32| Ok(id));
    let makeshift = request_fn(async |_: Failure<u32>| Ok(0));
    let _ = ordered(row)
        .layer(BulkheadLayer::default())
        .layer(BreakerLayer::default())
        .layer(HedgeLayer::default())
        .layer(RetryLayer::default())
        .layer(FallbackLayer::new(Default::default(), makeshift).unwrap())
        .layer(DeadlineLayer::default())
        .endpoint();
}
