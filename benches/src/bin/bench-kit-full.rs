//! kit with its default stack, its lines to stderr.

use std::io;

use kit_bench::layout::{Layout, Place, per_core, stealing};
use kit_bench::servers::kit;

fn main() -> io::Result<()> {
    let Place { addr, layout } = Place::from_args()?;
    let stack = kit::stack(io::stderr()).map_err(io::Error::other)?;
    match layout {
        Layout::Stealing => stealing(async { kit::host(kit::full(stack).map_err(io::Error::other)?, addr).await }),
        // An app per core; log and metrics are shared.
        Layout::PerCore => per_core(addr, move |listener| {
            let service = kit::full(stack.clone());
            async move { kit::serve(service.map_err(io::Error::other)?, listener).await }
        }),
    }
}
