//! A plain service for public conformance suites: HTTP/1.1 and HTTP/2 on one port, HTTP/2 alone on another.

pub mod routes;
mod rpc;
