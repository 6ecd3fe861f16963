use kit_core::{BoxEndpoint, Context, Endpoint as _, Error, endpoint_fn};

async fn length(_cx: &mut Context, text: String) -> Result<usize, Error> {
    Ok(text.len())
}

fn main() {
    let _endpoint: BoxEndpoint<u32, usize> = endpoint_fn(length).boxed();
}
