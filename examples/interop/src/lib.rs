//! gRPC's interop tests on kit: the service `grpc.testing.TestService` and the cases that a client of any make runs against a server of
//! any other.
//!
//! ```sh
//! cargo run -p interop --bin interop-server -- --port=8080
//! cargo run -p interop --bin interop-client -- --server_port=8080 --test_case=ping_pong
//! ```
//!
//! `./test` runs them against two other makes, both ways: gRPC's own programs for Go, and grpcio (`tests/real/interop`).
//!
//! [`messages`] and [`methods`] are the service as protos would say it; [`server`] is the service, [`client`] a view of it, [`cases`] what is
//! checked with that, [`soak`] the two cases that go on for as long as they are told; [`settings`] has the flags, which have the names
//! that all such programs share.
//!
//! Of gRPC's cases there are the fourteen that ask for neither credentials nor compression nor a caching proxy, the two soaks, and for a
//! client at a server that breaks off the six [negative ones](cases::NEGATIVE) of HTTP/2. Not
//! there: `client_compressed_unary`, `server_compressed_unary`, `client_compressed_streaming` and `server_compressed_streaming` choose
//! message by message what is compressed and look at each message's flag, where kit chooses for a method
//! ([`grpc::Config`](kit::grpc::Config)); grpc-go, too, has none of them. `cacheable_unary` needs a `GET` that gRPC over HTTP/2 does not
//! know. What asks for credentials needs TLS.
//!
//! # Source
//! github.com/grpc/grpc, `doc/interop-test-descriptions.md` and `doc/negative-http2-interop-test-descriptions.md`, and `src/proto/grpc/testing/` for the numbers of the fields.

pub mod cases;
pub mod client;
pub mod messages;
pub mod methods;
pub mod server;
pub mod settings;
pub mod soak;
