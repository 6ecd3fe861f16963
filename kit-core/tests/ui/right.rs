//! The mistakes of `fail/`, put right.

use kit_core::{Context, Endpoint, Error, ResultExt as _, Code, endpoint_fn, endpoint_with};

fn spawnable<E: Endpoint<u32, Response = String> + 'static>(_: E) {}

async fn both(endpoint: impl Endpoint<u32, Response = u32>, cx: &mut Context) -> Result<u32, Error> {
    let (mut one, mut two) = (cx.fork(), cx.fork());
    let (x, y) = tokio::join!(endpoint.call(&mut one, 1), endpoint.call(&mut two, 2));
    Ok(x? + y?)
}

fn main() {
    let prefix = String::from("n");
    spawnable(endpoint_with(prefix, async |prefix, _cx, n: u32| Ok(format!("{prefix}{n}"))));
    spawnable(endpoint_fn(async |_cx, n: u32| {
        let text = std::rc::Rc::new(n).to_string();
        tokio::task::yield_now().await;
        Ok(text)
    }));
    spawnable(endpoint_fn(async |_cx, n: u32| {
        std::fs::read_to_string(n.to_string()).or_code(Code::NotFound, "no such number")
    }));
    let _ = both(endpoint_fn(async |_cx, n: u32| Ok(n)), &mut Context::new());
}
