//! The servers of gRPC: `--server raw|tonic|kit|kit-full`, and where and how it runs.

use std::io;

use kit_bench::layout::Place;
use kit_bench::servers::{grpc, kit};

fn main() -> io::Result<()> {
    let (place, server) = Place::with("--server")?;
    match server.as_deref() {
        Some("raw") => place.run(grpc::raw::serve),
        Some("tonic") => place.run(grpc::tonic::serve),
        Some("kit") => kit::serve(place, grpc::kit::bare),
        Some("kit-full") => {
            let stack = kit::stack(io::stderr()).map_err(io::Error::other)?;
            kit::serve(place, move || grpc::kit::full(stack.clone()))
        }
        _ => Err(io::Error::other("usage: --server raw|tonic|kit|kit-full --addr ADDRESS --runtime stealing|per-core")),
    }
}
