use std::fmt;
use std::sync::Arc;

use http::Method as Verb;
use kit_core::{Error, Method};
use tokio::time::Instant;

use super::exchange::{self, Sent};
use super::hosts::Hosts;
use super::{BindingBuilder, Config, Raw, Target};
use crate::codec::{Codec, Encode};
use crate::http::Request;

/// Connections to any number of hosts, and the bindings that use them. Clones share its pool.
///
/// It spawns one task for each connection and one that clears out unused ones, on the runtime of the call that needs them. They
/// end when the connections do; dropping the last clone, bindings included, ends the rest. Make one for each runtime, not one
/// for each call.
#[derive(Clone)]
pub struct Client(Arc<Hosts>);

impl Client {
    /// A client of these settings. It connects when it is first called.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, with its name and its range.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Self(Arc::new(Hosts::new(config))))
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        self.0.config()
    }

    /// Calls `method` with `GET`: the request has no body, what it says stands in the path and the query.
    pub fn get<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Codec,
    {
        BindingBuilder::new(self, Verb::GET, method, target, codec, None)
    }

    /// Calls `method` with `POST`, the request in the body.
    pub fn post<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self, Verb::POST, method, target, codec, Some(C::encode))
    }

    /// Calls `method` with `PUT`, the request in the body.
    pub fn put<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self, Verb::PUT, method, target, codec, Some(C::encode))
    }

    /// Calls `method` with `PATCH`, the request in the body.
    pub fn patch<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self, Verb::PATCH, method, target, codec, Some(C::encode))
    }

    /// Calls `method` with `DELETE`, without a body.
    pub fn delete<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Codec,
    {
        BindingBuilder::new(self, Verb::DELETE, method, target, codec, None)
    }

    /// Requests and responses as they are: for proxies, and for what no codec expresses.
    pub fn raw(&self, target: &Target) -> Raw {
        Raw::new(self.clone(), target.clone())
    }

    pub(super) fn send(&self, request: Request, idempotent: bool, deadline: Instant) -> Sent {
        exchange::send(&self.0, request, idempotent, deadline)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(self.0.config()).finish()
    }
}
