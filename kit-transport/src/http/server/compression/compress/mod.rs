//! Answers that are compressed.

mod body;
mod config;
mod endpoint;
mod layer;
#[cfg(test)]
mod tests;

pub use config::CompressConfig;
pub use endpoint::Compress;
pub use layer::CompressLayer;
