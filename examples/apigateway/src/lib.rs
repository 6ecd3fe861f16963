//! Go kit's gateway: it finds the services behind it in Consul, or wherever it is told, and calls their instances.
//!
//! ```sh
//! cargo run -p stringsvc -- --register consul:127.0.0.1:8500        # as many as you like, with --addr 127.0.0.1:0
//! cargo run -p addsvc -- --addr 127.0.0.1:8081 --register consul:127.0.0.1:8500
//! cargo run -p apigateway   # or --discover static:127.0.0.1:8080 --addsvc-discover static:127.0.0.1:8081
//! curl -s http://127.0.0.1:8000/stringsvc/count -H 'content-type: application/json' -d '{"s":"hello"}'
//! curl -s http://127.0.0.1:8000/addsvc/sum -H 'content-type: application/json' -d '{"a":1,"b":2}'
//! ```
//!
//! There are two ways to stand in front of a service, and one service for each. What is for stringsvc is passed on as it is: the gateway knows
//! its paths, and nothing of what is said. addsvc is called by its client package: the gateway reads a request, calls over whichever wire
//! it was told, and answers as the service itself would. So its callers speak HTTP to a service that is called by gRPC, what is no
//! request does not reach it, and whoever changes the service is told by the compiler what else is to be changed.
//!
//! From the inside out: [`passing`] is what a proxy is beside its client, [`stringsvc`] the service that is passed on to, [`transport`] puts
//! both on HTTP, `main.rs` puts the parts together as [`settings`] say. Which instance gets a call, how often it is tried and what is done
//! about one that fails is [`kit::client`]'s.

pub mod passing;
pub mod settings;
pub mod stringsvc;
pub mod transport;
