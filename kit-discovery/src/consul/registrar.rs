use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use kit_core::{Error, Health, Instance, Observer};

use super::client::Consul;
use super::config::plain;
use super::keeper::{ConsulKeeper, Named};
use super::line::Line;
use super::url::Target;
use super::{Announcement, Check};
use crate::address::Address;
use crate::malformed::Malformed;
use crate::registrar::Registrar;
use crate::registration::{Config, Event, Registration};

/// Announces instances of a service at an agent, and keeps them announced: an agent that has forgotten one is told
/// again.
///
/// At the agent an instance is called by its id, or `service-host:port` if it has none of its own; an agent tells its
/// services apart by that name alone. What Consul has no field for goes into the metadata: `zone` and `priority`. A
/// weight of 0 is announced as 1, one above 65535 as that: Consul takes no other.
///
/// Maintenance that was entered at the agent - here, or by an operator's command - outlasts a loss of the connection.
pub struct ConsulRegistrar {
    consul: Consul,
    service: Arc<str>,
    announcement: Arc<Announcement>,
    health: Option<Health>,
    config: Config,
    observer: Arc<dyn Observer<Event>>,
    maintained: Maintained,
}

/// The services that are in maintenance by this registrar, by their names at the agent; and why.
#[derive(Clone, Default)]
pub(super) struct Maintained(Arc<Mutex<BTreeMap<Arc<str>, Arc<str>>>>);

impl ConsulRegistrar {
    pub(super) fn new(consul: &Consul, service: &str, announcement: Announcement) -> Result<Self, Error> {
        let announcement = announcement.check()?;
        let mut config = Config::default();
        if let Check::Ttl(ttl) = announcement.check {
            let backoff = &mut config.backoff;
            backoff.max = backoff.max.min(ttl / 4);
            backoff.first = backoff.first.min(backoff.max);
        }
        Ok(Self {
            consul: consul.clone(),
            service: service.into(),
            announcement: Arc::new(announcement),
            health: None,
            config,
            observer: Arc::new(()),
            maintained: Maintained::default(),
        })
    }

    /// With the health that Consul is told. Without, an instance is passing for as long as its process can say so.
    ///
    /// With [`Check::Http`](super::Check::Http) it is told once, when the instance is announced; then the agent asks.
    pub fn health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// With these bounds and pauses. Default those of [`Config`], and no pause much longer than a quarter of the TTL:
    /// an agent that returns has the instance again before half of it has passed.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Tells `observer` what becomes of registrations.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Takes an instance that is registered here out of service: it is critical whatever its checks say, until
    /// [`leave_maintenance`](Self::leave_maintenance), and stays so if it has to be announced again. A registration
    /// that is withdrawn ends it.
    ///
    /// # Errors
    /// It may not be in maintenance: `NotFound` if the agent does not know it, or what kept it from being told.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether it is in maintenance. To ask again does no harm.
    pub async fn enter_maintenance(&self, instance: &Instance, reason: &str) -> Result<(), Error> {
        plain("reason", reason)?;
        let id = self.id(instance);
        // First, so that one who announces it at the same time knows.
        let before = self.maintained.lock().insert(Arc::clone(&id), reason.into());
        let entered = self.tell_maintenance(&id, Some(reason)).await;
        if entered.is_err() {
            let mut maintained = self.maintained.lock();
            match before {
                Some(before) => maintained.insert(id, before),
                None => maintained.remove(&id),
            };
        }
        entered
    }

    /// Takes it back into service.
    ///
    /// # Errors
    /// It may still be in maintenance: `NotFound` if the agent does not know it, or what kept it from being told.
    ///
    /// # Cancel safety
    /// As [`enter_maintenance`](Self::enter_maintenance).
    pub async fn leave_maintenance(&self, instance: &Instance) -> Result<(), Error> {
        let id = self.id(instance);
        self.maintained.lock().remove(&id);
        self.tell_maintenance(&id, None).await
    }

    async fn tell_maintenance(&self, id: &str, reason: Option<&str>) -> Result<(), Error> {
        let limit = self.consul.config().answer;
        Line::new(&self.consul).put(maintenance(id, reason), Bytes::new(), limit).await.map(drop)
    }

    /// What an agent calls the instance: unique among all its services.
    fn id(&self, instance: &Instance) -> Arc<str> {
        if instance.id == instance.address || instance.id.is_empty() {
            format!("{}-{}", self.service, instance.address).into()
        } else {
            Arc::clone(&instance.id)
        }
    }

    fn keeper(&self, instance: &Instance) -> Result<ConsulKeeper, Error> {
        let address: Address = instance.address.parse()?;
        if address.host().parse().is_ok_and(|ip: IpAddr| ip.is_unspecified()) {
            return Err(Malformed::of("nobody can call", &instance.address).into());
        }
        let id = self.id(instance);
        plain("the id of the instance", &id)?;
        let named = Named { service: Arc::clone(&self.service), id, address };
        let mut keeper = ConsulKeeper::new(&self.consul, named, instance.clone(), Arc::clone(&self.announcement));
        keeper.health = self.health.clone();
        keeper.maintained = self.maintained.clone();
        Ok(keeper)
    }
}

/// # Errors
/// Also `InvalidArgument` for an address that is none or stands for all of a machine's, and for what Consul takes no
/// name, tag or metadata for.
impl Registrar for ConsulRegistrar {
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>> {
        Box::pin(async move {
            let keeper = self.keeper(&instance)?;
            let registration = Registration::of(Arc::clone(&self.service), instance, keeper);
            registration.config(self.config).observer(Arc::clone(&self.observer)).start().await
        })
    }
}

impl Maintained {
    pub(super) fn reason(&self, id: &str) -> Option<Arc<str>> {
        self.lock().get(id).cloned()
    }

    pub(super) fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enters maintenance for a reason, or leaves it.
pub(super) fn maintenance(id: &str, reason: Option<&str>) -> Target {
    let enable = if reason.is_some() { "true" } else { "false" };
    let target = Target::new("/v1/agent/service/maintenance").segment(id);
    target.with("enable", Some(enable)).with("reason", reason)
}

impl fmt::Debug for ConsulRegistrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsulRegistrar")
            .field("service", &self.service)
            .field("announcement", &self.announcement)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
