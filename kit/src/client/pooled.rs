use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};

use kit_circuit::breaker::registry::Registry;
use kit_circuit::budget::Budget;
use kit_core::health::{Check, check_with};
use kit_core::lifecycle::Part;
use kit_core::{Channel, ChildLayer, Endpoint, Error, Factory, Layer, Method};
use kit_discovery::Instancer;
use kit_discovery::endpointer::Endpointer;
use kit_log::Logger;
use kit_metrics::Registry as Metrics;
use kit_transport::http::client::{self as http, Channels};
use kit_transport::http::{Request, Response};

use super::breakers::Breakers;
use super::route::Explained;
use super::{BalancedSlots, Builder, Explanation, Stack, slot};
use crate::observe;
use crate::stack::{Empty, Replace, Slot, short};

/// Calls the instances of one service. See the [module](super).
///
/// A clone is the same client, and so are its endpoints: when the last of them is dropped, the calls that run are drained and the
/// channels closed, in the background; [`close`](Self::close) waits for that. It is of one process and runtime; per core, connections
/// are shared by the cores, or each has a client of its own [name](Builder::named).
///
/// `C` is the channel to an instance, and `S` the layers round each call; with the defaults it is `Client`.
pub struct Client<C = http::Channel, S = BalancedSlots<C>> {
    stack: Stack<S>,
    replaced: Replaced,
    shared: Arc<Shared<C>>,
}

/// The slots in which a layer of the client's own stood and does not any more, with the type of what does.
pub(super) type Replaced = BTreeMap<&'static str, Option<&'static str>>;

/// What a client and its endpoints share.
pub(super) struct Shared<C> {
    pub(super) name: Arc<str>,
    pub(super) balancer: &'static str,
    pub(super) budget: Budget,
    pub(super) breakers: Breakers,
    pub(super) endpointer: Endpointer<C>,
}

/// What [`Client::endpoint`] makes of the view `V`.
pub type Endpointed<S, V> = <<slot::Child as Replace<S, ChildLayer>>::Slots as Layer<V>>::Service;

impl Client {
    /// Calls the instances that `instancer` finds, over HTTP, with all defaults. It keeps the instancer: one that others use too is
    /// given in an `Arc`.
    ///
    /// # Errors
    /// As [`Builder::start`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn http(instancer: impl Instancer + 'static, log: &Logger, metrics: &Metrics) -> Result<Self, Error> {
        Self::builder(instancer).start(log, metrics)
    }

    /// The same by parts.
    pub fn builder(instancer: impl Instancer + 'static) -> Builder<Channels> {
        Builder::http(instancer)
    }

    /// The same over another transport: over the channels that `factory` makes.
    pub fn over<F>(instancer: impl Instancer + 'static, factory: F) -> Builder<F>
    where
        F: Factory + 'static,
    {
        Builder::over(instancer, factory)
    }
}

impl<C: Channel, S> Client<C, S> {
    pub(super) fn new(stack: Stack<S>, shared: Arc<Shared<C>>) -> Self {
        Self { stack, replaced: Replaced::new(), shared }
    }

    /// The endpoint of a method: each call is sent to an instance, and to another if that fails and may be repeated.
    ///
    /// `view` is the method on one channel, an endpoint of a [`Routed`](kit_core::Routed) request: over HTTP a
    /// [`binding`](http::BindingBuilder::binding) of [`post`](http::post) and its siblings, without a child of its own, or
    /// [`raw`](http::raw). What it answers with is an [`Endpoint`](kit_core::Endpoint) of the plain request, which has to be `Clone` to
    /// be repeated. Who has to name its type [boxes](kit_core::Endpoint::boxed) it.
    pub fn endpoint<V>(&self, method: &'static Method, view: V) -> Endpointed<S, V>
    where
        S: Clone,
        slot::Child: Replace<S, ChildLayer, Slots: Layer<V>>,
    {
        self.stack.clone().of(method).layer(view)
    }

    /// With `layer` in a slot of the stack, in the place of what was there, for the endpoints that are made after this.
    pub fn replace<L, N: Replace<S, L>>(self, slot: N, layer: L) -> Client<C, N::Slots> {
        let replaced = self.without(N::INDEX, Some(short(type_name::<L>())));
        Client { stack: self.stack.replace(slot, layer), replaced, shared: self.shared }
    }

    /// With a slot of the stack left empty, for the endpoints that are made after this.
    pub fn remove<N: Replace<S, Empty>>(self, slot: N) -> Client<C, N::Slots> {
        let replaced = self.without(N::INDEX, None);
        Client { stack: self.stack.remove(slot), replaced, shared: self.shared }
    }

    /// What is replaced when `layer` comes into the slot of this place.
    fn without(&self, place: usize, layer: Option<&'static str>) -> Replaced {
        let mut replaced = self.replaced.clone();
        if let Some((slot, before)) = self.stack.slots().nth(place)
            && (before.is_some() || replaced.contains_key(slot))
        {
            replaced.insert(slot, layer);
        }
        replaced
    }

    /// The layers round each call.
    pub fn stack(&self) -> &Stack<S> {
        &self.stack
    }

    /// The layer in a slot; [`Empty`] where there is none.
    pub fn get<N: Slot<S>>(&self, slot: N) -> &N::Layer {
        self.stack.get(slot)
    }

    /// Waits until somebody may be called, as [`Endpointer::ready`] does.
    ///
    /// # Errors
    /// `Unavailable` if that will never be.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn ready(&self) -> Result<(), Error> {
        self.shared.endpointer.ready().await
    }

    /// Drains the calls that run, closes all channels, and stops following discovery. A call that begins after this finds nobody.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest to go on in the background.
    pub async fn close(&self) {
        self.shared.endpointer.close().await;
    }

    /// As a part of a program: ready at once, and closed when it is its turn to stop. Name it before the servers that call it, which
    /// then stop first.
    ///
    /// ```
    /// use kit::client::Client;
    /// # async fn run(app: kit::App, strings: Client) -> Result<(), kit::Error> {
    /// app.part("strings", |part| strings.run(part)).run().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// None.
    pub async fn run(self, part: Part) -> Result<(), Error> {
        part.ready();
        part.stopping().await;
        self.close().await;
        Ok(())
    }

    /// A check that fails while nobody may be called. Not added by itself: a service that is not ready because another one is away
    /// takes the outage up to its own callers, and two that wait for each other never start. It is for a service that has nothing to
    /// say without that one.
    ///
    /// ```
    /// use kit::client::Client;
    /// use kit::health::{Health, Probe};
    /// # fn add(health: &Health, strings: &Client) -> Result<(), kit::Error> {
    /// health.add(Probe::Readiness, "strings", strings.check())
    /// # }
    /// ```
    pub fn check(&self) -> impl Check + use<C, S> {
        check_with(self.shared.endpointer.clone(), async |endpointer| match endpointer.explain().nobody {
            Some(reason) => Err(Error::unavailable(reason)),
            None => Ok(()),
        })
    }

    /// What goes on, for people and for programs: who is there, how each stands and why, breakers and budget; and where this client,
    /// or the one it was made from, has another layer than its own.
    pub fn explain(&self) -> Explanation {
        Explanation::new(&self.shared, &self.replaced)
    }

    /// An HTTP endpoint that answers with what [`explain`](Self::explain) says: as text, or as JSON if that is accepted or the query
    /// is `?json`. It names addresses and what errors keep from callers: for a router of its own on loopback, without the stack of the
    /// others.
    ///
    /// ```
    /// use kit::client::Client;
    /// use kit::http::server::{Router, RouterService};
    /// # fn debug(strings: &Client) -> Result<RouterService, kit::Error> {
    /// Router::new().get("/debug/strings", strings.explained()).build()
    /// # }
    /// ```
    pub fn explained(&self) -> impl Endpoint<Request, Response = Response> + use<C, S> {
        Explained { client: Arc::clone(&self.shared), replaced: self.replaced.clone() }
    }

    /// The service, as the source calls it.
    pub fn service(&self) -> &str {
        self.shared.endpointer.service()
    }

    /// Its channels, and who may be called.
    pub fn endpointer(&self) -> &Endpointer<C> {
        &self.shared.endpointer
    }

    /// What it may repeat; a hedge in it [spends the same](kit_circuit::hedge::HedgeLayer::budget).
    pub fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// A breaker for each instance that was called, by its id.
    pub fn breakers(&self) -> &Registry<Arc<str>> {
        self.shared.breakers.registry()
    }
}

impl<C: Channel> Shared<C> {
    /// The registry is not to keep it.
    pub(super) fn show(self: &Arc<Self>, metrics: &Metrics) -> Result<(), Error> {
        let shared: Weak<Self> = Arc::downgrade(self);
        observe::standings(metrics, &self.name, move || shared.upgrade().map(|shared| shared.endpointer.explain()))
    }
}

impl<C, S: Clone> Clone for Client<C, S> {
    fn clone(&self) -> Self {
        Self { stack: self.stack.clone(), replaced: self.replaced.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<C, S> fmt::Debug for Client<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("name", &self.shared.name).field("stack", &self.stack).finish_non_exhaustive()
    }
}
