//! axum, bare.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::axum;

fn main() -> io::Result<()> {
    Place::from_args()?.run(|listener| axum::serve(axum::bare(), listener))
}
