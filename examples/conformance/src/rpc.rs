//! The methods of the JSON-RPC specification's own examples.

use kit::jsonrpc::server::{Dispatcher, Methods};
use kit::server::Stack;
use kit::{Error, Method, request_fn};
use serde::Deserialize;
use serde_json::Value;

static SUBTRACT: Method = Method::new("conformance", "subtract").idempotent();
static SUM: Method = Method::new("conformance", "sum").idempotent();
static UPDATE: Method = Method::new("conformance", "update");
static NOTIFY_HELLO: Method = Method::new("conformance", "notify_hello");
static GET_DATA: Method = Method::new("conformance", "get_data").idempotent();

#[derive(Deserialize)]
struct Subtract {
    minuend: i64,
    subtrahend: i64,
}

/// What the examples call, but for `foobar` and `foo.get`, which must not be there. The stack stands round each of them, so that
/// every call of a batch has its line.
pub(crate) fn methods(stack: Stack) -> Result<Dispatcher, Error> {
    Methods::with(stack)
        .method(&SUBTRACT, request_fn(subtract))
        .method(&SUM, request_fn(sum))
        .method(&UPDATE, request_fn(heard))
        .method(&NOTIFY_HELLO, request_fn(heard))
        .method(&GET_DATA, request_fn(async |(): ()| Ok(("hello", 5))))
        .build()
}

async fn subtract(of: Subtract) -> Result<i64, Error> {
    of.minuend.checked_sub(of.subtrahend).ok_or_else(too_large)
}

async fn sum(numbers: Vec<i64>) -> Result<i64, Error> {
    numbers.into_iter().try_fold(0_i64, i64::checked_add).ok_or_else(too_large)
}

/// A notification has nothing to answer, and a call of it null.
async fn heard(_: Vec<Value>) -> Result<(), Error> {
    Ok(())
}

fn too_large() -> Error {
    Error::out_of_range("the result is no 64-bit number").with_reason("overflow")
}
