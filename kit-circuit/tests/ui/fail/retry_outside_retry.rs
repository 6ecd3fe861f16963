use kit_circuit::retry::RetryLayer;
use kit_core::order::ordered;
use kit_core::request_fn;

fn main() {
    let row = request_fn(async |id: u32| Ok(id));
    let _ = ordered(row).layer(RetryLayer::default()).layer(RetryLayer::default()).endpoint();
}
