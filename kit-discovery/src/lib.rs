//! Who answers for a service and which one to call: instancers that follow it, registrars that announce it, and the endpointer
//! that balances calls over it.
//!
//! | | |
//! |---|---|
//! | [`Instancer`] | follows the instances of a service; each source below is one, or makes one |
//! | [`State`], [`Subscription`] | what it knows: the last good set, its generation, its age, the error |
//! | [`Policy`], [`View`] | what one consumer makes of a failing source and of a set that turned empty |
//! | [`Discovery`], [`Source`] | runs anything that can say who answers: back-off, log, malformed entries, stop |
//! | [`Fixed`] | a set that never changes |
//! | [`Mapped`] | another instancer's set: fewer of them, or each at another address |
//! | `dns` | SRV records, or addresses and a port (feature `dns`) |
//! | `file` | a set in a file, read again when it changes (feature `file`) |
//! | `consul` | who passes the checks in Consul, and announcing there (feature `consul`) |
//! | `etcd` | the keys below a prefix of etcd v3, followed and announced (feature `etcd`) |
//! | [`Spec`] | a source in one line, for a flag: `dns:_http._tcp.strings.example` |
//! | [`Registrar`], [`Registration`] | announces an instance, keeps it announced, withdraws it |
//! | [`endpointer`] | a channel for each instance, and endpoints balanced over them: what a client is made of |
//! | [`balance`], [`ejection`], [`check`] | which one to call: balancers over a set, and who is out of it for a while |
//! | [`Address`], [`value`] | addresses, and how registries and files write an instance |
//!
//! Discovery publishes state, not events: the complete set, on a watch channel. A reader is never waited for, gets what is
//! known at once, and cannot miss the latest. A source that fails keeps the last good set and is asked again for ever; how
//! long such a set is good enough is each consumer's choice.
//!
//! The crate knows no metrics and no logger: a [`State`] is a snapshot of all that a metric would show, and an
//! [`Observer`](kit_core::Observer) of [`Event`] hears what a log would say, each trouble at most once a minute.

mod address;
mod answer;
mod backoff;
pub mod balance;
pub mod check;
#[cfg(feature = "consul")]
pub mod consul;
mod discovery;
#[cfg(feature = "dns")]
pub mod dns;
pub mod ejection;
pub mod endpointer;
#[cfg(feature = "etcd")]
pub mod etcd;
mod event;
#[cfg(feature = "file")]
pub mod file;
mod fixed;
mod instancer;
mod instances;
mod malformed;
mod mapped;
mod pick;
mod policy;
mod publisher;
mod registrar;
pub mod registration;
mod source;
mod spec;
mod state;
mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod trouble;
pub mod value;
mod view;

pub use address::Address;
pub use answer::{Answer, Skipped};
pub use backoff::Backoff;
pub use discovery::{Builder, Discovery};
pub use endpointer::Endpointer;
pub use event::{Event, News};
pub use fixed::Fixed;
pub use instancer::Instancer;
pub use instances::Instances;
pub use malformed::Malformed;
pub use mapped::Mapped;
pub use policy::{NoInstances, Policy, Stale};
pub use publisher::Publisher;
pub use registrar::Registrar;
pub use registration::Registration;
pub use source::Source;
pub use spec::Spec;
pub use state::{State, Totals};
pub use subscription::{Stopped, Subscription};
pub use value::Entry;
pub use view::View;
