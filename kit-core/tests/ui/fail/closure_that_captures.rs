use kit_core::endpoint_fn;

fn main() {
    let prefix = String::from("n");
    let _endpoint = endpoint_fn(async move |_cx, n: u32| Ok(format!("{prefix}{n}")));
}
