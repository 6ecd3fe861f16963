//! kit: the same router and endpoint, with the gRPC binding.

use kit::grpc::server::unary;
use kit::http::server::{Router, RouterService};
use kit::server::Stack;
use kit::{Endpoint, Error, request_fn};

use crate::task::UPPERCASE;
use crate::task::grpc::{Text, Value, uppercase};

fn endpoint() -> impl Endpoint<Text, Response = Value> + 'static {
    request_fn(async |text: Text| {
        uppercase(text).ok_or_else(|| Error::invalid_argument("the string is empty").with_reason("empty_string"))
    })
}

/// The endpoint behind a router, and nothing round it.
///
/// # Errors
/// None: the route is a good one.
pub fn bare() -> Result<RouterService, Error> {
    Router::new().grpc(&UPPERCASE, unary(endpoint())).build()
}

/// The endpoint inside a stack.
///
/// # Errors
/// None: the route is a good one.
pub fn full(stack: Stack) -> Result<RouterService, Error> {
    Router::with(stack).grpc(&UPPERCASE, unary(endpoint())).build()
}
