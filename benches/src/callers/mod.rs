//! Clients that ask three servers for the same: kit's, and those it is compared with.
//!
//! Each sends `{"s":"hello"}` from a typed value, reads all of the answer into one, and fails at a wrong one.

mod connection;
pub mod grpc;
mod kit;
mod pool;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use connection::Connection;
pub use kit::Kit;
pub use pool::Pool;

/// What is sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Text {
    /// The text.
    pub s: &'static str,
}

/// What comes back.
#[derive(Debug, Deserialize)]
pub struct Value {
    /// The text in upper case.
    pub v: String,
}

/// What all of them send.
pub const HELLO: Text = Text { s: "hello" };

impl Value {
    fn check(self) -> io::Result<()> {
        match self.v.as_str() {
            "HELLO" => Ok(()),
            other => Err(io::Error::other(format!("the wrong answer: {other:?}"))),
        }
    }
}

/// A client that many tasks call with.
pub trait Caller: Clone + Send + Sync + 'static {
    /// Makes it, for servers that listen there.
    ///
    /// # Errors
    /// It cannot be made of these.
    fn open(servers: &[SocketAddr]) -> impl Future<Output = io::Result<Self>>;

    /// What a caller has for itself; the same client, for most.
    ///
    /// # Errors
    /// It cannot be had.
    fn own(&self) -> impl Future<Output = io::Result<Self>>;

    /// Calls once.
    ///
    /// # Errors
    /// There is no answer, or a wrong one.
    fn call(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// Each in turn.
#[derive(Debug)]
struct Turns<T> {
    all: Vec<T>,
    next: std::sync::atomic::AtomicUsize,
}

impl<T> Turns<T> {
    fn of(all: Vec<T>) -> Arc<Self> {
        Arc::new(Self { all, next: Default::default() })
    }

    fn take(&self) -> &T {
        &self.all[self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % self.all.len()]
    }
}
