//! The servers: one task, one wire, with and without what stands round it in production.

pub mod axum;
pub mod grpc;
pub mod kit;
pub mod raw;
pub mod stringsvc;
