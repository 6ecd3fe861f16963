//! kit with its default stack, its lines to stderr.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::kit;

fn main() -> io::Result<()> {
    // The cores share log and metrics.
    let stack = kit::stack(io::stderr()).map_err(io::Error::other)?;
    kit::serve(Place::from_args()?, move || kit::full(stack.clone()))
}
