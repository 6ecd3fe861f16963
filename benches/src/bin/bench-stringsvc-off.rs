//! `examples/stringsvc` without logs and metrics: what they cost is what the example takes more.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::{kit, stringsvc};

fn main() -> io::Result<()> {
    kit::serve(Place::from_args()?, stringsvc::off)
}
