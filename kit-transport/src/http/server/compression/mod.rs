//! Bodies in gzip and deflate, both ways: off unless a stack names these layers. Feature `compression`.
//!
//! | layer | what it does |
//! |---|---|
//! | [`DecompressLayer`] | undoes the `Content-Encoding` of requests; an unknown one is 415, too much of it 413 |
//! | [`CompressLayer`] | compresses answers to callers that accept it |
//!
//! Both stand round HTTP endpoints, as layers of the router or of one route:
//!
//! ```
//! use kit_core::{Layer, request_fn};
//! use kit_transport::http::server::compression::{CompressConfig, CompressLayer, DecompressConfig, DecompressLayer};
//! use kit_transport::http::server::{Router, json};
//!
//! let (compress, decompress) = (CompressLayer::new(CompressConfig::default())?, DecompressLayer::new(DecompressConfig::default())?);
//! let count = json(request_fn(async |text: String| Ok(text.len())));
//! let service = Router::new().post("/count", compress.layer(decompress.layer(count))).build()?;
//! # Ok::<(), kit_core::Error>(())
//! ```
//!
//! Why they are off: a compressed request is work that a stranger orders with few bytes, and an answer that mixes a secret with
//! what a stranger sent tells the secret by its length (BREACH). brotli and zstd are left out: what they save over gzip on
//! answers made on the fly is little, and each is a large dependency.

mod coding;
mod compress;
mod decompress;

pub use compress::{Compress, CompressConfig, CompressLayer};
pub use decompress::{Decompress, DecompressConfig, DecompressLayer, TooCompressed};
