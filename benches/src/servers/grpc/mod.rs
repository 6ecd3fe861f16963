//! The same task as a gRPC method.

pub mod kit;
pub mod raw;
pub mod tonic;
