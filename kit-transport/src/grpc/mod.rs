//! gRPC over HTTP/2, on kit's own codecs, errors and streams.
//!
//! [`server`] puts endpoints on the router that HTTP has, [`client`] calls them over the connections that HTTP has; [`health`] and
//! [`reflection`] are services that kit brings along.
//!
//! # Messages
//! They are prost's, whose version 0.14 a program names beside kit, with its derive; nothing here needs `protoc`.
//!
//! **By hand.** With serde's derives too, the same struct is what HTTP and JSON-RPC read and write:
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, Method, request_fn};
//! use kit_transport::codec::Json;
//! use kit_transport::grpc;
//! use kit_transport::http::client::{Client, Config};
//! use kit_transport::http::server::{Router, Server, json};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
//! #[serde(default)]
//! struct Stock {
//!     #[prost(string, tag = "1")]
//!     sku: String,
//!     #[prost(uint32, tag = "2")]
//!     left: u32,
//! }
//!
//! // `/inventory.Inventory/Take` by gRPC, `/take` by HTTP.
//! static TAKE: Method = Method::new("inventory.Inventory", "Take").path("/take");
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let take = || request_fn(async |stock: Stock| match stock.left {
//!     0 => Err(Error::failed_precondition("it is sold out").with_reason("sold_out")),
//!     left => Ok(Stock { left: left - 1, ..stock }),
//! });
//! let service = Router::new().post(&TAKE, json(take())).grpc(&TAKE, grpc::server::unary(take())).build()?;
//! let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! let target = format!("http://{}", bound.local_addr()).parse()?;
//! tokio::spawn(bound.serve(service, std::future::pending()));
//!
//! let http2 = Client::new(Config { http2_only: true, ..Config::default() })?;
//! let by_grpc = grpc::client::unary::<Stock>(&TAKE).endpoint(&http2, &target)?;
//! let by_http = http2.post(&TAKE, &target, Json).endpoint::<Stock>()?;
//! let cx = &mut Context::new();
//! let two = Stock { sku: "tea".into(), left: 2 };
//! assert_eq!(by_grpc.call(cx, two.clone()).await?, by_http.call(cx, two).await?);
//! # Ok(()) }
//! ```
//!
//! **Generated** from a `.proto`, in a `build.rs`, with protox and prost-build among the build dependencies. The second file is what
//! [`reflection`] hands out:
//!
//! ```ignore
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     println!("cargo:rerun-if-changed=proto");
//!     let mut compiler = protox::Compiler::new(["proto"])?;
//!     compiler.include_imports(true).include_source_info(true).open_file("inventory.proto")?;
//!     prost_build::Config::new()
//!         // For the wires that speak JSON; left out where gRPC is the only one.
//!         .message_attribute(".", "#[derive(serde::Serialize, serde::Deserialize)] #[serde(default)]")
//!         .compile_fds(compiler.file_descriptor_set())?;
//!     let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
//!     std::fs::write(out.join("inventory.binpb"), compiler.encode_file_descriptor_set())?;
//!     Ok(())
//! }
//! ```
//!
//! and in the crate `pub mod pb { include!(concat!(env!("OUT_DIR"), "/inventory.rs")); }`, the file being named like the package. Bindings take these as they
//! take those by hand, and a method is a [`Method`](kit_core::Method) all the same: the service is written `package.Service`.
//!
//! # What else there is
//!
//! | | |
//! |---|---|
//! | the four kinds of call, metadata, trailers, errors | [`server`], [`client`] |
//! | deadlines: `grpc-timeout` both ways, 30 s where nobody says one | [`server`], [`client`] |
//! | limits of a message's size, gzip | [`Config`], which a binding of either side takes: [off and 4 MiB](Config) by default |
//! | all instances of a service, with retries and the rest | `kit::client`, whose views are the bindings of [`client`] |
//! | who may be called, for probers; what there is, for `grpcurl` | [`health`], [`reflection`] |
//! | a service's own errors, found again by its callers | [`kit_core::failure`] |
//! | messages of another format | [`codec`](client::Binding::codec) of a binding |
//! | services and clients that tonic generates, in kit's layers | [`kit_core::bridge`], [`Router::mount`](crate::http::server::Router::mount) |

pub mod client;
mod config;
mod descriptor;
#[cfg(test)]
mod double;
mod frame;
pub mod health;
pub(crate) mod media;
pub mod reflection;
pub mod server;
pub(crate) mod status;

pub use crate::codec::Messages;
pub use config::Config;
pub use frame::FrameError;

/// Where gRPC has a method: `/{service}/{name}`.
pub(crate) fn path(method: &kit_core::Method) -> String {
    format!("/{}/{}", method.service(), method.name())
}
