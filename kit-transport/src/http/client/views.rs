//! Bindings that go where the request was routed to.

use http::Method as Verb;
use kit_core::Method;

use super::{BindingBuilder, Raw};
use crate::codec::{Codec, Encode};

/// Where a binding goes that has no target of its own: to the channel of each request's [`Routed`](kit_core::Routed), as a balancer
/// has picked it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picked;

/// Calls `method` with `GET` on whichever [`Channel`](super::Channel) was picked. The rest is as with
/// [`Client::get`](super::Client::get).
pub fn get<Req, C>(method: &'static Method, codec: C) -> BindingBuilder<Req, C, Picked>
where
    C: Codec,
{
    BindingBuilder::new(Picked, Verb::GET, method, codec, None)
}

/// Calls `method` with `POST` on whichever [`Channel`](super::Channel) was picked. The rest is as with
/// [`Client::post`](super::Client::post).
pub fn post<Req, C>(method: &'static Method, codec: C) -> BindingBuilder<Req, C, Picked>
where
    C: Encode<Req>,
{
    BindingBuilder::new(Picked, Verb::POST, method, codec, Some(C::encode))
}

/// Calls `method` with `PUT` on whichever [`Channel`](super::Channel) was picked. The rest is as with
/// [`Client::put`](super::Client::put).
pub fn put<Req, C>(method: &'static Method, codec: C) -> BindingBuilder<Req, C, Picked>
where
    C: Encode<Req>,
{
    BindingBuilder::new(Picked, Verb::PUT, method, codec, Some(C::encode))
}

/// Calls `method` with `PATCH` on whichever [`Channel`](super::Channel) was picked. The rest is as with
/// [`Client::patch`](super::Client::patch).
pub fn patch<Req, C>(method: &'static Method, codec: C) -> BindingBuilder<Req, C, Picked>
where
    C: Encode<Req>,
{
    BindingBuilder::new(Picked, Verb::PATCH, method, codec, Some(C::encode))
}

/// Calls `method` with `DELETE` on whichever [`Channel`](super::Channel) was picked. The rest is as with
/// [`Client::delete`](super::Client::delete).
pub fn delete<Req, C>(method: &'static Method, codec: C) -> BindingBuilder<Req, C, Picked>
where
    C: Codec,
{
    BindingBuilder::new(Picked, Verb::DELETE, method, codec, None)
}

/// Requests and responses as they are, on whichever [`Channel`](super::Channel) was picked: for proxies and gateways.
pub fn raw() -> Raw<Picked> {
    Raw::new(Picked)
}
