//! The same over gRPC, of the first of the servers.

mod kit;
mod raw;
mod tonic;

use std::io;
use std::net::SocketAddr;

pub use self::kit::{Balanced, Kit};
pub use self::raw::Raw;
pub use self::tonic::Tonic;
use crate::task::grpc::{Text, Value};

fn hello() -> Text {
    Text { s: super::HELLO.s.to_owned() }
}

fn check(value: Value) -> io::Result<()> {
    super::Value { v: value.v }.check()
}

fn first(servers: &[SocketAddr]) -> io::Result<SocketAddr> {
    servers.first().copied().ok_or_else(|| io::Error::other("no server to call"))
}
