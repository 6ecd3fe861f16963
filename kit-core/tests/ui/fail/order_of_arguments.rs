use kit_core::{Context, Error, endpoint_fn};

async fn length(text: String, _cx: &mut Context) -> Result<usize, Error> {
    Ok(text.len())
}

fn main() {
    let _endpoint = endpoint_fn(length);
}
