//! Go kit's gateway: it finds the string service in Consul, or wherever it is told, and passes calls on to the instances.
//!
//! ```sh
//! cargo run -p stringsvc -- --register consul:127.0.0.1:8500        # as many as you like, with --addr 127.0.0.1:0
//! cargo run -p apigateway                                           # or --discover static:127.0.0.1:8080
//! curl -s http://127.0.0.1:8000/stringsvc/count -H 'content-type: application/json' -d '{"s":"hello"}'
//! ```
//!
//! From the inside out: [`passing`] is what a proxy is beside its client, [`stringsvc`] the service behind it, [`transport`] puts it on
//! HTTP, `main.rs` puts the parts together as [`settings`] say. Which instance gets a call, how often it is tried and what is done
//! about one that fails is [`kit::client`]'s.

pub mod passing;
pub mod settings;
pub mod stringsvc;
pub mod transport;
