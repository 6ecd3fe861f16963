//! Bridges to tower, both ways: any endpoint is a `tower::Service`, any cloneable service an endpoint; a tower layer stands in a
//! kit stack, a kit layer in an axum one.
//!
//! | from | to | with | a call allocates |
//! |---|---|---|---|
//! | service | endpoint | [`FromService`] | nothing |
//! | endpoint | service | [`IntoService`] | the future |
//! | HTTP service | endpoint | [`FromHttp`] | the slot and the request's extensions |
//! | endpoint over `http::Request` | HTTP service | [`IntoHttp`] | the future |
//! | tower layer, any request | kit layer | [`TowerLayer`] | the slot and the future |
//! | tower layer over HTTP | kit layer | [`HttpLayer`] | as [`FromHttp`] and [`IntoHttp`] |
//! | kit layer | layer of HTTP services | [`KitLayer`] | as [`FromHttp`] and [`IntoHttp`] |
//!
//! A service's future is `'static`, so `&mut Context` cannot go through it. What goes through is a fork in a [`Slot`]: in the
//! request's extensions for HTTP, beside the request ([`Carried`]) otherwise. It is merged back when the call ends by itself;
//! what a call wrote that was abandoned on the way is lost, and its token is told.
//!
//! Inside kit, the headers of an HTTP request are the context's [`inbound`](crate::Context::inbound) metadata, where a layer of
//! any request type reads them, and `request.headers()` is empty. The bridges move them: into the context where an
//! endpoint begins, back into the request where a service does.
//!
//! Errors survive: [`Error::from_box`](crate::Error::from_box) finds ours in whatever a service answers.

mod carried;
mod http;
mod service;
mod slot;

pub use carried::{Carried, Leaf, TowerLayer, Towered};
pub use http::{FromHttp, HttpLayer, IntoHttp, KitLayer, Respond, Responding};
pub use service::{FromService, IntoService};
pub use slot::Slot;
