//! kit, bare.

use std::io;

use kit_bench::layout::{Layout, Place, per_core, stealing};
use kit_bench::servers::kit;

fn main() -> io::Result<()> {
    let Place { addr, layout } = Place::from_args()?;
    match layout {
        Layout::Stealing => stealing(async { kit::host(kit::bare().map_err(io::Error::other)?, addr).await }),
        Layout::PerCore => {
            per_core(addr, async |listener| kit::serve(kit::bare().map_err(io::Error::other)?, listener).await)
        }
    }
}
