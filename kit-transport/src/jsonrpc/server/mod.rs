//! Endpoints as JSON-RPC methods.
//!
//! [`Methods`] collects them, [`Dispatcher`] is their endpoint over HTTP, for a route of a [`Router`](crate::http::server::Router): `POST`
//! and `application/json`, or `application/json-rpc` and `application/jsonrequest` as the draft "JSON-RPC over HTTP" of 2008 calls it;
//! 405 and 415 otherwise, 413 for a body over the [limit](crate::http::server::extract::BodyLimit).
//! Those leave as problems of HTTP, since nothing of JSON-RPC was read; all else is 200 with an answer, or 204 without.
//!
//! # What the specification leaves open
//!
//! | | |
//! |---|---|
//! | parameters | By name and by position alike: a struct is read from an object, and from an array in the order of its fields; a tuple or a list from an array, a map from an object. None at all, `[]` and `{}` are read as `()`, `None` or what has defaults only. `null` is no structured value: -32600. |
//! | ids | A string, a number or null, given back byte for byte: `1.0`, `1e2` and numbers of a hundred digits too. |
//! | the version | Exactly `"2.0"`; one that is missing or empty is -32600, or read as that [where it is asked for](Config::unversioned). |
//! | an invalid request | Its answer has its id, if that is there once and is one; else null. |
//! | duplicate members | Of the four of a request: -32600, since two readers could believe two of them. Of parameters: -32602 where a struct is read, and the last one wins where a map is. |
//! | other members | Ignored. |
//! | a notification | Runs before the response is sent, which waits for it; nobody but the layers sees how it ended. Without anything to answer: 204 and no body. |
//! | a batch | Answers stand in the order of the requests, at most [`max_concurrent`](Config::max_concurrent) run at once, and one of more than [`max_batch`](Config::max_batch) is one invalid request. |
//! | the deadline | A call that is not done by then is -32004, and one that has not begun does not run: the others of its batch are answered. |
//! | depth | A body deeper than [`Json::DEPTH`](crate::codec::Json::DEPTH) is a parse error. |
//! | names | Any text, but for those that begin with `rpc.`, which are reserved. |
//!
//! # Layers
//!
//! The layers that [`Methods::with`] takes stand round each method, outside the reading of its parameters: **each call of a batch is
//! a call of its own**, with its line, its count, its deadline and its turn at a limiter, and so is what reaches no method
//! ([`methods`]). Layers round the route see the exchange instead: one request, one response, however many calls are in it. A server
//! stack stands well in both places; a service that wants one line per call has it round the methods alone.
//!
//! A single call shares the context of its exchange: what it writes to [`outbound_mut`](kit_core::Context::outbound_mut) becomes
//! headers. Calls of a batch have forks of it, with the same deadline, inbound metadata and request id, if one was given outside;
//! what they write there stays with them, since several answers have one head. The exchange ended as its call did; that of a batch
//! as the first call that failed, or well.

mod answer;
mod binding;
mod builder;
mod config;
mod dispatcher;
mod params;
mod request;

pub use binding::{MethodBinding, Refusal, Reply};
pub use builder::{MethodError, Methods};
pub use config::Config;
pub use dispatcher::{Dispatcher, methods};
pub use params::Params;
