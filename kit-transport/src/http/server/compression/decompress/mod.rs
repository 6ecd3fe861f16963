//! Requests whose bodies are compressed.

mod body;
mod config;
mod endpoint;
mod error;
mod layer;
#[cfg(test)]
mod tests;

pub use config::DecompressConfig;
pub use endpoint::Decompress;
pub use error::TooCompressed;
pub use layer::DecompressLayer;
