//! Calls to other services: the pooled [`Client`] of all instances of one, and the [`Stack`] that stands round each call.
//!
//! # In one line
//! A source of instances in, and out comes a client that finds them, keeps connections to each, picks one for each call, repeats what
//! failed at another, leaves out who fails, counts, logs, and ends every call at its deadline.
//!
//! ```
//! use kit::client::Client;
//! use kit::codec::Json;
//! use kit::discovery::Spec;
//! use kit::http::client::post;
//! use kit::http::server::{Router, Server, json};
//! use kit::{Context, Endpoint as _, Error, Method, request_fn};
//!
//! static LENGTH: Method = Method::new("strings", "length").path("/length").idempotent();
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
//! // Somewhere the service runs, twice.
//! let mut addresses = Vec::new();
//! for _ in 0..2 {
//!     let length = request_fn(async |text: String| Ok(text.chars().count()));
//!     let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
//!     addresses.push(bound.local_addr().to_string());
//!     let service = Router::new().post(&LENGTH, json(length)).build()?;
//!     tokio::spawn(bound.serve(service, std::future::pending()));
//! }
//!
//! // `consul:127.0.0.1:8500`, `dns:_http._tcp.strings.example`, `file:strings.toml` …
//! let source: Spec = format!("static:{}", addresses.join(",")).parse()?;
//! let strings = Client::http(source.start("strings", kit::observe::discovery_log(&log))?, &log, &metrics)?;
//!
//! let length = strings.endpoint(&LENGTH, post(&LENGTH, Json).binding::<usize>()?);
//! strings.ready().await?;
//! assert_eq!(length.call(&mut Context::new(), "hello".to_owned()).await?, 5);
//!
//! println!("{}", strings.explain());
//! strings.close().await;
//! # Ok(()) }
//! ```
//!
//! A program has one client for each service that it calls, and one endpoint for each method: made once, called from everywhere.
//! `app.part("strings", |part| strings.run(part))` closes it in its turn.
//!
//! # By parts
//! [`Client::builder`] over HTTP, [`Client::over`] over any transport; each part as it is by default until it is given.
//!
//! | part | by default | another |
//! |---|---|---|
//! | who is there | | any [`Instancer`](kit_discovery::Instancer): a [`Spec`](kit_discovery::Spec), a source of one's own |
//! | channels to them | HTTP connections | any [`Factory`](kit_core::Factory), given to [`Client::over`] |
//! | who is picked | [`PeakEwma`](kit_discovery::balance::PeakEwma) | any [`Balancer`](kit_discovery::balance::Balancer): [`balancer`](Builder::balancer) |
//! | who is left out | who fails: [ejection](kit_discovery::ejection), and a breaker each | settings; [`breakers`](Builder::breakers), [`check`](Builder::check) |
//! | what is repeated | three attempts, within a budget | [`retry`](Builder::retry), [`budget`](Builder::budget) |
//! | the layers of a call | the slots of a [`Stack`] | [`replace`](Client::replace), [`remove`](Client::remove) |
//! | the method on a channel | | any endpoint of a [`Routed`](kit_core::Routed) request: [`endpoint`](Client::endpoint) |
//!
//! ```
//! use kit::circuit::hedge::HedgeLayer;
//! use kit::client::{Client, Config, slot};
//! use kit::discovery::Fixed;
//! use kit::discovery::balance::LeastRequests;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit::Error> {
//! # let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
//! let mut config = Config::default();
//! config.retry.attempts = 2;
//! config.endpointer.balance.zone = Some("eu-1a".into());
//!
//! let source = Fixed::parse("profiles", "10.0.0.1:80, 10.0.0.2:80")?;
//! let profiles = Client::builder(source).config(config).balancer(LeastRequests::new()).start(&log, &metrics)?;
//! // A second attempt where the first is slow, at another instance. It spends what the retries spend.
//! let hedge = HedgeLayer::default().budget(profiles.budget());
//! let profiles = profiles.replace(slot::Hedge, hedge);
//! # Ok(()) }
//! ```
//!
//! # Over gRPC
//! A method is a view of another kind, and all else is the same. The connections speak HTTP/2 from their first byte, which the settings have to
//! say. A request that is a stream cannot be sent twice: its endpoint is made without the layers that would. An answer that is one ends with the
//! time of its attempt, 10 s by default, and of its call, 30 s: one that lasts has an endpoint without the first, and settings with another
//! deadline.
//!
//! ```
//! use kit::client::{Client, Config, slot};
//! use kit::discovery::Fixed;
//! use kit::grpc::client::{client_stream, server_stream, unary};
//! use kit::{Kind, Method};
//! # #[derive(Clone, PartialEq, prost::Message)] struct Item {}
//! # #[derive(Clone, PartialEq, prost::Message)] struct Receipt {}
//!
//! static RESERVE: Method = Method::new("inventory.Inventory", "Reserve");
//! static WATCH: Method = Method::new("inventory.Inventory", "Watch").kind(Kind::ServerStream).idempotent();
//! static RESTOCK: Method = Method::new("inventory.Inventory", "Restock").kind(Kind::ClientStream);
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit::Error> {
//! # let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
//! let mut config = Config::default();
//! config.connections.http2_only = true;
//! let source = Fixed::parse("inventory", "10.0.0.1:80, 10.0.0.2:80")?;
//! let inventory = Client::builder(source).config(config).start(&log, &metrics)?;
//!
//! let reserve = inventory.endpoint(&RESERVE, unary::<Receipt>(&RESERVE));
//! let watch = inventory.clone().remove(slot::AttemptTimeout).endpoint(&WATCH, server_stream::<Item>(&WATCH));
//! let restock = inventory.clone().remove(slot::Retry).endpoint(&RESTOCK, client_stream::<Receipt>(&RESTOCK));
//! # fn types<E: kit::Endpoint<Item>>(_: E) {}
//! # fn streams<E: kit::Endpoint<kit::codec::Messages<Item>>>(_: E) {}
//! # (types(reserve), types(watch), streams(restock));
//! # Ok(()) }
//! ```
//!
//! Over JSON-RPC the view is `jsonrpc::client::Client::binding`, of a client over [`raw`](kit_transport::http::client::raw).
//!
//! # What a call meets
//! It is counted and logged once, however often it is tried. Each attempt picks an instance: of those that this call has not tried, the
//! one that is likely to answer first. A breaker that is open, an ejection or a failed check makes an instance one that is not
//! picked, and no error; only if nobody is left the call fails, at once, `Unavailable` of reason `no_endpoint`, its cause a
//! [`NoInstances`](kit_discovery::NoInstances) that says why. What failed is tried elsewhere if its method is
//! [idempotent](kit_core::Method::idempotent) or it was provably not sent; retries and hedges together add a fifth to the calls, and ten a
//! second. An attempt that hangs ends at [`attempt_timeout`](Config::attempt_timeout), and counts against its instance.
//!
//! # What goes on in it
//! [`Client::explain`] says it, as text and as JSON: each instance, how it stands and why, its load, its breaker, what the budget has left.
//! In the metrics it is `kit_client_…` ([`observe`](crate::observe)).
//!
//! # One endpoint
//! Where there is no set of instances there is a [`Stack`] round one endpoint: the same slots, the same order.

mod breakers;
mod builder;
mod config;
mod explain;
mod picks;
mod pooled;
mod route;
mod stack;
#[cfg(test)]
mod tests;

pub use crate::stack::{Empty, Replace, Slot};
pub use builder::Builder;
pub use config::Config;
pub use explain::{BreakerExplanation, BudgetExplanation, Explanation};
pub use picks::Picks;
pub use pooled::{Client, Endpointed};
pub use stack::{BalancedSlots, DefaultSlots, Slots, Stack, slot};
