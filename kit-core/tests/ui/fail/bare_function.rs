use kit_core::{Context, Endpoint, Error};

async fn length(_cx: &mut Context, text: String) -> Result<usize, Error> {
    Ok(text.len())
}

fn serve(_endpoint: impl Endpoint<String>) {}

fn main() {
    serve(length);
}
