//! kit, bare.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::kit;

fn main() -> io::Result<()> {
    kit::serve(Place::from_args()?, kit::bare)
}
