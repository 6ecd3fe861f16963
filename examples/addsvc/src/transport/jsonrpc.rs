//! JSON-RPC 2.0: `sum` and `concat`, with Go kit's names and parameters. It has no streams.

use kit::http::server::Router;
use kit::jsonrpc::server::{Config, Methods};
use kit::server::Stack;
use kit::{Error, Method};

use crate::endpoints::{self, CONCAT, SUM};
use crate::service::AddService;

/// What carries the calls.
static RPC: Method = Method::new("pb.Add", "rpc").path("/rpc");

/// Where Go kit's clients call, whose addsvc has a port for this alone.
static ROOT: Method = Method::new("pb.Add", "rpc").path("/");

/// The service on JSON-RPC. The stack stands round each method, and not round the route: every call of a batch is a call of its
/// own, with a line and a count, and the exchange that carries them is none.
pub(super) fn routes<S: AddService + Clone>(service: S, stack: Stack) -> Result<Router, Error> {
    let methods = Methods::with(stack)
        // Go kit's client writes an empty one.
        .config(Config { unversioned: true, ..Config::default() })
        .named("sum", &SUM, endpoints::sum(service.clone()))
        .named("concat", &CONCAT, endpoints::concat(service))
        .build()?;
    Ok(Router::new().post(&RPC, methods.clone()).post(&ROOT, methods))
}
