use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method as Verb;
use http::uri::Authority;
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Method};

use super::pool::{Pool, Settings};
use super::{BindingBuilder, Channel, Config, Raw, Target};
use crate::codec::{Codec, Encode};

/// Connections to any number of hosts, and the bindings that use them. Clones share its pools, one for each host.
///
/// It spawns one task for each connection and one for each host that clears out unused ones, on the runtime of the call that needs
/// them. They end when the connections do; dropping the last clone, bindings included, ends the rest. Make one for each runtime,
/// not one for each call.
#[derive(Clone)]
pub struct Client(Arc<Hosts>);

struct Hosts {
    settings: Arc<Settings>,
    pools: Mutex<HashMap<Authority, Arc<Pool>>>,
}

impl Client {
    /// A client of these settings. It connects when it is first called.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, with its name and its range.
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::with_random(config, ThreadRandom)
    }

    /// A client of these settings whose spread of [`max_age`](Config::max_age) comes from `random`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_random(config: Config, random: impl Random + 'static) -> Result<Self, Error> {
        let settings = Arc::new(Settings::new(config, Arc::new(random))?);
        Ok(Self(Arc::new(Hosts { settings, pools: Mutex::default() })))
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.0.settings.config
    }

    /// Calls `method` with `GET`: the request has no body, what it says stands in the path and the query.
    pub fn get<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Codec,
    {
        BindingBuilder::new(self.channel(target), Verb::GET, method, codec, None)
    }

    /// Calls `method` with `POST`, the request in the body.
    pub fn post<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self.channel(target), Verb::POST, method, codec, Some(C::encode))
    }

    /// Calls `method` with `PUT`, the request in the body.
    pub fn put<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self.channel(target), Verb::PUT, method, codec, Some(C::encode))
    }

    /// Calls `method` with `PATCH`, the request in the body.
    pub fn patch<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Encode<Req>,
    {
        BindingBuilder::new(self.channel(target), Verb::PATCH, method, codec, Some(C::encode))
    }

    /// Calls `method` with `DELETE`, without a body.
    pub fn delete<Req, C>(&self, method: &'static Method, target: &Target, codec: C) -> BindingBuilder<Req, C>
    where
        C: Codec,
    {
        BindingBuilder::new(self.channel(target), Verb::DELETE, method, codec, None)
    }

    /// Requests and responses as they are: for proxies, and for what no codec expresses.
    pub fn raw(&self, target: &Target) -> Raw {
        Raw::new(self.channel(target))
    }

    /// The connections to a target, shared with whatever else leads there.
    pub(crate) fn channel(&self, target: &Target) -> Arc<Channel> {
        let mut pools = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(target.host()) {
            return Arc::new(Channel::to(target, Arc::clone(pool)));
        }
        // A host that no binding leads to, and of which nothing is kept, need not be remembered.
        pools.retain(|_, pool| Arc::strong_count(pool) > 1 || pool.connections() > 0);
        let pool = Arc::new(Pool::new(Arc::clone(&self.0.settings), target.host().clone()));
        pools.insert(target.host().clone(), Arc::clone(&pool));
        Arc::new(Channel::to(target, pool))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(self.config()).finish()
    }
}
