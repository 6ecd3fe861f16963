//! Consul: follows a service by blocking queries of its health, and announces instances at an agent.
//!
//! ```no_run
//! use kit_core::{Health, Instance};
//! use kit_discovery::consul::{Announcement, Config, Consul, Query};
//! use kit_discovery::{Instancer as _, Registrar as _};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! # let health = Health::new();
//! let consul = Consul::new(Config::default())?; // the agent on this machine
//!
//! let registrar = consul.registrar("strings", Announcement::default())?.health(health);
//! let registration = registrar.register(Instance::new("10.0.0.1:8080")).await?;
//!
//! let strings = consul.instancer("strings", Query::default())?.start()?;
//! let state = strings.subscribe().ready().await?;
//! println!("{:?}", state.instances());
//!
//! registration.withdraw().await?;
//! # Ok(()) }
//! ```
//!
//! It is a thin client of our own over hyper, HTTP/1.1 without TLS, meant for the agent beside the program, which is
//! how Consul is run: the agent holds the connections to the servers. What else carries bytes - TLS, a Unix socket - is
//! a [`Dial`] away. consulrs, the crate that would be at hand, has no query of a service's health and open advisories.
//!
//! # Source
//! Consul's HTTP API, "Blocking Queries" and its "Implementation Details"; Go kit's `sd/consul`, whose waits nobody
//! could stop and whose loop ran hot (go-kit/kit#997, #1214).

mod announcement;
mod client;
mod config;
mod dial;
mod entry;
mod error;
mod index;
mod keeper;
mod line;
mod pace;
mod query;
mod registrar;
mod source;
#[cfg(test)]
mod tests;
mod token;
mod url;

pub use announcement::{Announcement, Check, Grade, HttpCheck};
pub use client::Consul;
pub use config::Config;
pub use dial::{Dial, Dialing, Io};
pub use query::{Mode, Query};
pub use registrar::ConsulRegistrar;
pub use source::ConsulSource;
pub use token::Token;
