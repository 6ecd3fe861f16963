use std::fmt;
use std::sync::Arc;

use http::Method as Verb;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kit_core::{Error, Method};

use super::connect::Connector;
use super::{BindingBuilder, Config, Raw, Target};
use crate::codec::{Codec, Encode};
use crate::http::Body;

/// Connections to any number of hosts, and the bindings that use them. Clones share its pool.
///
/// It spawns one task for each connection and one that clears out unused ones, on the runtime of the call that needs them. They
/// end when the connections do; dropping the last clone, bindings included, ends the rest. Make one for each runtime, not one
/// for each call.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: legacy::Client<Connector, Body>,
    config: Config,
}

impl Client {
    /// A client of these settings. It connects when it is first called.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, with its name and its range.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(config.max_idle_per_host)
            .http2_only(config.http2_only)
            .http2_keep_alive_interval(config.keep_alive)
            .http2_keep_alive_timeout(config.keep_alive / 2);
        let http = builder.build(Connector::new(&config));
        Ok(Self(Arc::new(Inner { http, config })))
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.0.config
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

    pub(super) fn request(&self, request: crate::http::Request) -> legacy::ResponseFuture {
        self.0.http.request(request)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.config).finish()
    }
}
