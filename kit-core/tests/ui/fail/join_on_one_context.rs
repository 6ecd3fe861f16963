use kit_core::{Context, Endpoint, Error};

async fn both(endpoint: impl Endpoint<u32, Response = u32>, cx: &mut Context) -> Result<u32, Error> {
    let (x, y) = tokio::join!(endpoint.call(cx, 1), endpoint.call(cx, 2));
    Ok(x? + y?)
}

fn main() {}
