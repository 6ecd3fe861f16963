//! A transport and a codec that kit does not know: calls as frames on TCP, a connection for each, and messages as netstrings.
//!
//! | frame | of the caller | of the callee |
//! |---|---|---|
//! | `h` | method, time that is left, request id, metadata | metadata |
//! | `m` | a message, by any codec | a message |
//! | `e` | the end of its messages | the end of its messages, and trailers |
//! | `x` | | an error, and trailers |
//!
//! Each has its letter, its length in four bytes, the highest first, and its content. Who leaves closes the connection, and that
//! is how a call is cancelled. What a transport owes its callers stands in kit's contract, which this one keeps (`tests.rs`), as
//! [`Netstring`] keeps that of codecs.
//!
//! ```
//! use frames::{Client, Netstring, Server};
//! use kit::{Context, Endpoint as _, Method, request_fn};
//!
//! static UPPERCASE: Method = Method::new("strings", "Uppercase").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let uppercase = request_fn(async |text: String| Ok(text.to_uppercase()));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let _serving = kit::task::Owned::spawn(Server::new().unary(&UPPERCASE, Netstring, uppercase).serve(listener));
//!
//! let uppercase = Client::new(address).unary::<_, String, String>(&UPPERCASE, Netstring);
//! assert_eq!(uppercase.call(&mut Context::new(), "hello".into()).await?, "HELLO");
//! # Ok(()) }
//! ```

mod binding;
mod client;
mod frame;
mod head;
mod netstring;
mod server;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use netstring::{Netstring, Text};
pub use server::Server;

/// How large a message may be if nobody says otherwise, in bytes: 2 MiB, as kit's other wires have it.
pub const MAX_MESSAGE: usize = 2 * 1024 * 1024;
