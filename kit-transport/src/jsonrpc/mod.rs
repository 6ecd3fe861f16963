//! JSON-RPC 2.0 over HTTP, both ways, to the letter of its specification.
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, Method, request_fn};
//! use kit_transport::http::client::{self, Client};
//! use kit_transport::http::server::{Router, Server};
//! use kit_transport::jsonrpc;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Subtract { minuend: i64, subtrahend: i64 }
//!
//! static SUBTRACT: Method = Method::new("calculator", "subtract").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Somewhere a service runs.
//! let subtract = request_fn(async |s: Subtract| match s.minuend.checked_sub(s.subtrahend) {
//!     Some(difference) => Ok(difference),
//!     None => Err(Error::out_of_range("the difference is too large").with_reason("overflow")),
//! });
//! let rpc = jsonrpc::server::Methods::new().method(&SUBTRACT, subtract).build()?;
//! let service = Router::new().post("/rpc", rpc).build()?;
//! let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! let target = format!("http://{}", bound.local_addr()).parse()?;
//! tokio::spawn(bound.serve(service, std::future::pending()));
//!
//! // And here it is called.
//! let http = Client::new(client::Config::default())?;
//! let rpc = jsonrpc::client::Client::new(http.raw(&target), "/rpc")?;
//! let subtract = rpc.endpoint::<Subtract, i64>(&SUBTRACT);
//!
//! let mut cx = Context::new();
//! assert_eq!(subtract.call(&mut cx, Subtract { minuend: 42, subtrahend: 23 }).await?, 19);
//! let error = subtract.call(&mut cx, Subtract { minuend: i64::MIN, subtrahend: 1 }).await.unwrap_err();
//! assert_eq!(error.reason(), Some("overflow"));
//! # Ok(()) }
//! ```
//!
//! # Errors
//!
//! An error leaves as an error object: the number of its code, its public line as `message`, and as `data` what a number cannot say.
//!
//! ```json
//! {"code":-32011,"message":"the difference is too large",
//!  "data":{"code":"OutOfRange","reason":"overflow","id":"5a5f2c01b7d3c9e4"}}
//! ```
//!
//! `id` leads to the log. `retry_pushback_ms` is there where the code does not imply the error's
//! [hint](kit_core::Error::retry): the pause that was asked for in milliseconds, or -1 if nobody is to repeat the call. An error that is a [failure](kit_core::failure) has a member more, `failure`. Causes
//! and fields stay behind. What the protocol itself refuses has the specification's own words as its message, and what was wrong as
//! `data.detail`.
//!
//! | number | of | read, without `data` of ours, as |
//! |---|---|---|
//! | -32700, Parse error | a body that is no JSON, or is nested too deeply | `InvalidArgument` |
//! | -32600, Invalid Request | what is no request object, an empty batch, one that is too long | `InvalidArgument` |
//! | -32601, Method not found | a name that nobody has; `Unimplemented` | `Unimplemented` |
//! | -32602, Invalid params | `InvalidArgument`: parameters that do not fit, and what an endpoint calls so | `InvalidArgument` |
//! | -32603, Internal error | `Internal`: bugs and panics | `Internal` |
//! | -32000 less gRPC's number | every other code: `NotFound` is -32005, `Unavailable` -32014 | that code |
//! | any other from -32768 to -32000 | | `Unknown` |
//! | any other | an error whose cause is a [`Number`] | `FailedPrecondition`: the other service works, and said no |
//!
//! A client takes the code from `data.code` if it is one of ours, else by this table; what came stands in the error's cause,
//! [`RemoteError`].
//!
//! # Source
//! JSON-RPC 2.0 Specification, 2013-01-04. Go kit's `transport/http/jsonrpc` has its place in the stack; that it knows no batch, answers
//! notifications, reads ids as 32-bit floats and does not look at versions or at the answer's id is what is done otherwise.

pub mod client;
mod error;
mod message;
pub mod server;

pub use error::{Fault, Number, RemoteError, code_of, number_of};

use kit_core::Outcome;

/// How several calls ended that were made in one: with the first failure among them, if there is one.
fn outcome_of(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    outcomes.into_iter().find(|outcome| outcome.is_failure()).unwrap_or(Outcome::Success)
}
