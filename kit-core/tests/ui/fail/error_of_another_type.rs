use kit_core::{Context, endpoint_fn};

async fn length(_cx: &mut Context, text: String) -> Result<usize, String> {
    Ok(text.len())
}

fn main() {
    let _endpoint = endpoint_fn(length);
}
