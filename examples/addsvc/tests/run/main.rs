//! The program itself: started on a port of its own, called on every wire, well and badly, and asked to stop.

mod addcli;
mod client;
mod ends;
mod gokit;
mod grpc;
mod http;
mod jsonrpc;
mod operator;
mod ports;
#[cfg(all(feature = "consul", feature = "file"))]
mod registering;
mod support;
