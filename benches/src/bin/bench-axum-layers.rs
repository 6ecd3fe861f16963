//! axum with layers like kit's default stack.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::axum;

fn main() -> io::Result<()> {
    axum::log_to(io::stderr);
    // Layers are built once, as kit's stack is: the cores share their metrics.
    let router = axum::layered().map_err(io::Error::other)?;
    Place::from_args()?.run(move |listener| axum::serve(router.clone(), listener))
}
