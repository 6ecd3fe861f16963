use kit_core::request_fn;

fn main() {
    let _endpoint = request_fn(async |path: String| Ok(std::fs::read_to_string(path)?));
}
