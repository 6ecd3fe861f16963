//! A set from a name server: SRV records, or the addresses of a name at a port.
//!
//! ```toml
//! name = "_http._tcp.strings.example"
//! ```
//! ```toml
//! name = "strings.default.svc.cluster.local"
//! port = 8080
//! ```
//! An SRV record gives its priority and weight (RFC 2782), and its target is resolved, so that every instance is one address;
//! where a target has several, they share its weight. Records are asked for again when the first of them has outlived its
//! time to live, within bounds. A set of one record with the target `.` is empty: that is how a zone says so.
//!
//! What a server says is told apart from what it fails to say. That there is no such name, or no such record, is an answer,
//! and the set is empty: a [`Policy`](crate::Policy) bridges it for its grace. SERVFAIL, REFUSED, silence, and what is no
//! answer are failures, and the set stays. A record that cannot be used is skipped by itself; a target that cannot be
//! resolved for the moment keeps the addresses that it had.
//!
//! Names are absolute, with or without their final dot. Search domains are not used: with them, a server that fails for the
//! name that was meant makes another name's absence the answer.
//!
//! # Source
//! RFC 2782; RFC 2308 for the time that an absence holds.

mod client;
mod config;
mod records;
mod source;
#[cfg(test)]
mod tests;

pub use config::{Config, Family};
pub use source::DnsSource;
