//! Instances in etcd v3, 3.4 and newer: the keys below a prefix, each an instance.
//!
//! A key is `prefix/id`, its value an address or JSON (see [`value`](crate::value)). `/services/strings` therefore
//! takes `/services/strings/1`, and not `/services/strings-test/1`.
//!
//! ```no_run
//! use kit_core::Instance;
//! use kit_discovery::etcd::Etcd;
//! use kit_discovery::{Instancer as _, Registrar as _};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! let etcd = Etcd::new("10.0.0.1:2379, 10.0.0.2:2379, 10.0.0.3:2379")?;
//! let strings = etcd.instancer("/services/strings")?.start()?;
//! let registrar = etcd.registrar("/services/strings")?;
//!
//! let registration = registrar.register(Instance::new("10.1.0.7:8080")).await?;
//! let state = strings.subscribe().ready().await?;
//! registration.withdraw().await?;
//! # Ok(()) }
//! ```
//!
//! # How it follows
//! It lists the prefix at one revision and watches from the next, so that nothing is lost in between. Whatever ends the
//! watch (a cancel, a compaction, a lost leader, a token that expired, a connection), it lists again: the set is always
//! that of one server that has a leader, also after one was restored from an older state. It lists at most twice in a
//! burst, then once a second.
//!
//! Each instancer and each registration has a connection of its own, to one endpoint; the next one is tried when that
//! fails. Pings find a dead peer, and a watch that says nothing is asked for its progress, so that neither a black hole
//! nor a proxy that has lost its server is waited for: [`Config::keep_alive`] and [`Config::keep_alive_timeout`].
//!
//! # How it announces
//! With a lease, renewed at a third of its time, and remade before half of it has passed when the lease, the key or the
//! connection is gone: see [`EtcdRegistrar`].
//!
//! # Source
//! etcd's API reference and its Go client's `clientv3` (renewal at a third of the lease). Go kit's `sd/etcdv3` ends for
//! good with its first cancelled watch and its first lost lease; both are why this is written so.

mod client;
mod config;
mod entries;
mod error;
mod keeper;
mod pace;
mod prefix;
mod registrar;
mod source;
#[cfg(test)]
mod tests;
mod tls;

pub use client::Etcd;
pub use config::Config;
pub use registrar::{EtcdRegistrar, RegistrarConfig};
pub use source::EtcdSource;
pub use tls::Tls;
