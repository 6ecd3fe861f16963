//! hyper by hand.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::raw;

fn main() -> io::Result<()> {
    Place::from_args()?.run(raw::serve)
}
