use kit_core::endpoint_fn;

fn main() {
    let _endpoint = endpoint_fn(async |_cx, n: u32| n + 1);
}
