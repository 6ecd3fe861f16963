use kit_core::{Context, Endpoint, Error, endpoint_fn};

async fn length(_cx: &mut Context, text: String) -> Result<usize, Error> {
    Ok(text.len())
}

fn serve(_endpoint: impl Endpoint<String, Response = String>) {}

fn main() {
    serve(endpoint_fn(length));
}
