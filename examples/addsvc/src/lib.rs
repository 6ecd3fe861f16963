//! Go kit's adding service on every wire, to read and imitate. From the inside out: [`service`] is the business, [`error`] what it
//! refuses; [`instrumenting`] is a middleware of it, written out; [`endpoints`] gives its operations names and types of their own;
//! [`transport`] puts them on HTTP, JSON-RPC and gRPC; [`registering`] says what is announced of them; `main.rs` puts the parts together as
//! [`settings`] say. The [`client`] is the same service from afar, and `addcli` a program that calls it once.

pub mod client;
pub mod endpoints;
pub mod error;
pub mod instrumenting;
pub mod registering;
pub mod service;
pub mod settings;
pub mod transport;
