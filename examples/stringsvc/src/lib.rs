//! Go kit's string service, to read and imitate. From the inside out: [`service`] is the business; [`logging`], [`instrumenting`]
//! and [`proxying`] are middlewares of it, written out; [`endpoints`] gives its operations names and types of their own;
//! [`transport`] puts them on HTTP; [`watching`] finds who answers; `main.rs` puts the parts together as [`settings`] say.

pub mod endpoints;
pub mod instrumenting;
pub mod logging;
pub mod proxying;
pub mod service;
pub mod settings;
pub mod transport;
pub mod watching;
