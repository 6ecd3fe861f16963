//! From instances to endpoints: one channel for each instance, and calls balanced over them.
//!
//! An [`Endpointer`] follows what discovery says. For each instance that is new its [`Factory`](kit_core::Factory) makes a channel, all
//! at the same time, each again and again until it is there; with a channel an instance is in the set that calls pick from, and without
//! one it is not. Whoever stays through a change keeps its channel, however its weight or its zone has changed: an instance is another
//! one if its id or its address is. Whoever leaves is out of the set at once; its calls go on, and what they stream, for at most
//! [`Config::drain`]; then its channel is closed. One that is listed again before that takes its channel up again, since its
//! connections are there, and is ramped up as if it were new.
//!
//! Methods are views on a channel: endpoints of [`Routed`](kit_core::Routed) requests, with the layers that belong to one instance
//! round them. [`Endpointer::layer`] makes of them an endpoint of the plain request.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kit_core::{Channel, Context, Endpoint as _, Error, Factory, Instance, Routed, endpoint_fn};
//! use kit_discovery::balance::PeakEwma;
//! use kit_discovery::endpointer::Endpointer;
//! use kit_discovery::{Fixed, Instancer as _};
//!
//! /// What kit-transport's channels are, without the sockets.
//! struct Line(String);
//!
//! impl Channel for Line {
//!     async fn close(&self) {}
//! }
//!
//! struct Lines;
//!
//! impl Factory for Lines {
//!     type Channel = Line;
//!
//!     async fn make(&self, instance: &Instance) -> Result<Line, Error> {
//!         Ok(Line(format!("hello from {}", instance.address)))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let strings = Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80")?;
//! let endpointer = Endpointer::of(strings.subscribe(), Lines).start()?;
//! endpointer.ready().await?;
//!
//! let greet = endpoint_fn(async |_cx, call: Routed<Arc<Line>, &str>| Ok(format!("{}, {}", call.channel.0, call.request)));
//! let greet = greet.layer(endpointer.layer(PeakEwma::new()));
//! let answer = greet.call(&mut Context::new(), "caller").await?;
//! assert!(answer.starts_with("hello from 10.0.0."));
//!
//! println!("{}", endpointer.explain());
//! endpointer.close().await;
//! # Ok(()) }
//! ```
//!
//! # Source
//! Go kit, `sd/endpointer.go` and `sd/endpoint_cache.go`, where the factory runs under the lock that calls wait for, and what is removed
//! is closed under its calls.

mod builder;
mod config;
mod endpoint;
mod errand;
mod event;
mod explain;
mod handle;
mod layer;
mod member;
mod members;
mod overview;
mod task;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use config::Config;
pub use endpoint::Balanced;
pub use event::{Event, News};
pub use explain::{ChannelState, Explanation, InstanceExplanation, InstanceState};
pub use handle::Endpointer;
pub use layer::BalanceLayer;
