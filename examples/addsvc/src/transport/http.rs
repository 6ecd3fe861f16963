//! HTTP: a path for each operation, JSON both ways, the series as NDJSON.

use kit::codec::Json;
use kit::http::ndjson::NdJson;
use kit::http::server::{Binding, Router, json};
use kit::server::Stack;

use super::gokit::{GoErrorLayer, untyped_is_json};
use crate::endpoints::{self, CONCAT, SERIES, SUM};
use crate::service::AddService;

/// The service on HTTP, every operation inside `stack`: here, or in front of it, where `service` is a
/// [`Client`](crate::client::Client).
pub fn http<S: AddService + Clone>(service: S, stack: Stack) -> Router<(GoErrorLayer, Stack)> {
    Router::with((GoErrorLayer, stack))
        .post(&SUM, json(endpoints::sum(service.clone())).before(untyped_is_json))
        .post(&CONCAT, json(endpoints::concat(service.clone())).before(untyped_is_json))
        .post(&SERIES, Binding::new(endpoints::series(service), Json, NdJson::new()))
}
