//! The face of kit: its parts by name, the default stacks, and what a program needs round them.
//!
//! A complete service:
//!
//! ```no_run
//! use kit::http::server::{Router, Server, json};
//! use kit::{Error, Method, request_fn};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Text { s: String }
//!
//! #[derive(Serialize)]
//! struct Value { v: String }
//!
//! static UPPERCASE: Method = Method::new("hello", "uppercase").path("/uppercase").idempotent();
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let log = kit::log::Logger::new(kit::log::logfmt(std::io::stderr()));
//!     let metrics = kit::metrics::Registry::new();
//!     let stack = kit::server::Stack::new(&log, &metrics)?;
//!
//!     let uppercase = request_fn(async |text: Text| Ok(Value { v: text.s.to_uppercase() }));
//!     let service = Router::with(stack).post(&UPPERCASE, json(uppercase)).build()?;
//!
//!     let bound = Server::new(Default::default())?.bind("127.0.0.1:8080").await?;
//!     kit::log::info!(log, "listening"; "addr" => %bound.local_addr());
//!     bound.serve(service, kit::shutdown()).await;
//!     Ok(())
//! }
//! ```
//!
//! And a call to it, at whichever of its instances, wherever something says they are ([`client`] is a guide):
//!
//! ```
//! use kit::client::Client;
//! use kit::codec::Json;
//! use kit::discovery::Fixed;
//! use kit::http::client::post;
//! use kit::{Context, Endpoint as _, Error, Method};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Serialize)]
//! struct Text { s: String }
//!
//! #[derive(Deserialize)]
//! struct Value { v: String }
//!
//! static UPPERCASE: Method = Method::new("hello", "uppercase").path("/uppercase").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
//! # let mut addresses = Vec::new();
//! # for _ in 0..2 {
//! #     let bound = kit::http::server::Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//! #     let uppercase = kit::request_fn(async |text: std::collections::BTreeMap<String, String>| {
//! #         Ok(std::collections::BTreeMap::from([("v", text["s"].to_uppercase())]))
//! #     });
//! #     let service = kit::http::server::Router::new().post(&UPPERCASE, kit::http::server::json(uppercase)).build()?;
//! #     addresses.push(bound.local_addr().to_string());
//! #     tokio::spawn(bound.serve(service, std::future::pending()));
//! # }
//! # let addresses = addresses.join(",");
//! let instances = Fixed::parse("hello", &addresses)?; // or Consul, etcd, DNS, a file
//! let hello = Client::http(instances, &log, &metrics)?;
//! let uppercase = hello.endpoint(&UPPERCASE, post(&UPPERCASE, Json).binding::<Value>()?);
//!
//! hello.ready().await?;
//! assert_eq!(uppercase.call(&mut Context::new(), Text { s: "hello".into() }).await?.v, "HELLO");
//! # Ok(()) }
//! ```
//!
//! # Where things are
//!
//! | for | see |
//! |---|---|
//! | an operation of a service | [`Endpoint`], and functions that are one: [`endpoint_fn`], [`request_fn`]; with state [`endpoint_with`], [`request_with`] |
//! | what a call brings along and takes back | [`Context`] |
//! | what it fails with | [`Error`] with its [`Code`]; an enum of the service's own: [`failure`] |
//! | answers and requests of many messages | [`Streaming`], [`codec::Messages`] |
//! | operations on HTTP | [`http::server`]: routes, requests [put together](http::server::extract) from path, query and body, lines of JSON ([`http::ndjson`]), [events](http::server::sse) |
//! | on gRPC, on JSON-RPC, in the same process | `grpc`, `jsonrpc`, `local` |
//! | a program round them | [`app`], [`server`], [`observe`]; its settings: `config` |
//! | calls to other services | [`client`] for all instances of one, over any wire; [`http::client`], `grpc::client`, `jsonrpc::client` for an address |
//! | who answers, and saying so | [`discovery`] |
//! | a callee that fails or is slow | [`circuit`] |
//! | a layer of your own | [`middleware_fn`], or a type that is a [`Layer`] and an [`Endpoint`], as in [`middleware`] |
//! | layers and services of tower, axum, tonic | [`bridge`] |
//! | logs, metrics | [`log`], [`metrics`] |
//! | tests | `local` for what a caller sees, `testing` for doubles and contracts, tokio's paused clock for time |
//!
//! # Features
//!
//! None is on by default: what costs crates is asked for by name.
//!
//! | feature | gives |
//! |---|---|
//! | `config` | settings from a file, the environment and flags |
//! | `grpc` | gRPC, both ways, with health and reflection; beside it a program names `prost` 0.14 for its messages |
//! | `jsonrpc`, `local` | JSON-RPC 2.0 over HTTP; calls within the process |
//! | `cbor`, `form`, `msgpack`, `protobuf` | codecs beside JSON |
//! | `file`, `dns`, `consul`, `etcd`, `etcd-tls` | where instances are looked for; in the last three announced too. What is built with `etcd` needs `protoc` |
//! | `compression` | bodies of HTTP in gzip and deflate: layers in [`http::server`] |
//! | `cache` | the layer [`circuit`] has for answers from memory |
//! | `prometheus`, `statsd` | backends of metrics beside stdout and expvar |
//! | `term`, `log`, `tracing` | [`log`](mod@log) in colour on a terminal; events of those two crates as its lines |
//! | `testing` | doubles, and the contracts of codecs, transports, sources, registrars, balancers, backends of metrics |

pub mod app;
pub mod client;
#[cfg(feature = "config")]
pub mod config;
pub mod observe;
pub mod server;
mod shutdown;
mod stack;
#[cfg(feature = "testing")]
pub mod testing;

pub use kit_core::*;

pub use app::App;
/// Layers that keep a failing dependency from taking its caller down.
pub use kit_circuit as circuit;
/// Who answers for a service, and how it is announced.
pub use kit_discovery as discovery;
/// Key-value logs.
pub use kit_log as log;
/// Makes an enum what a service can fail with; [`failure`] is the guide.
pub use kit_macros::Failure;
/// Counters, gauges, histograms.
pub use kit_metrics as metrics;
/// Values to bytes and back.
pub use kit_transport::codec;
/// gRPC over HTTP/2.
#[cfg(feature = "grpc")]
pub use kit_transport::grpc;
/// HTTP, both ways.
pub use kit_transport::http;
/// JSON-RPC 2.0 over HTTP, both ways.
#[cfg(feature = "jsonrpc")]
pub use kit_transport::jsonrpc;
/// Calls to a service in the same process.
#[cfg(feature = "local")]
pub use kit_transport::local;
pub use shutdown::shutdown;

/// The programs of the first page, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
