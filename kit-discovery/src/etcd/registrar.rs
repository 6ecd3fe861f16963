use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kit_core::{Error, Instance, Observer, duration};
use serde::{Deserialize, Serialize};

use super::client::Etcd;
use super::keeper::EtcdKeeper;
use super::prefix::Prefix;
use crate::address::Address;
use crate::registrar::Registrar;
use crate::registration::{self, Event, Registration};
use crate::value;

/// Announces instances as keys below a prefix, each with a lease; [`Etcd::registrar`] makes it.
///
/// A registration renews its lease at a third of its time, and looks whether its key is still there; a lease that ran
/// out or was revoked, a key that was deleted or overwritten, and a connection that says nothing are made good before
/// half of that time has passed since the last renewal. Its end revokes the lease, and the key goes with it. A process
/// that dies leaves its key for at most [`RegistrarConfig::ttl`].
///
/// A user of etcd who may write below the prefix and not read there is enough; then a key that somebody else deleted is
/// not noticed.
#[derive(Clone)]
pub struct EtcdRegistrar {
    etcd: Etcd,
    prefix: Prefix,
    config: RegistrarConfig,
    observer: Arc<dyn Observer<Event>>,
}

/// How instances are announced in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrarConfig {
    /// How long a key outlives a process that died. Whole seconds from 2 s, which is the least that etcd grants, to
    /// 1 h. Default 15 s: a renewal every 5 s, and time for an election.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// The rest. The longest pause of its back-off is at most half of `ttl`.
    pub registration: registration::Config,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(15), registration: registration::Config::default() }
    }
}

impl RegistrarConfig {
    fn check(self) -> Result<Self, Error> {
        let Self { ttl, registration } = self;
        let refused = |reason: String| Err(Error::invalid_argument(reason));
        if ttl.subsec_nanos() != 0 || !(2..=3_600).contains(&ttl.as_secs()) {
            return refused(format!("ttl is {ttl:?}, it must be whole seconds from 2s to 1h"));
        }
        let registration = registration.check()?;
        let longest = registration.backoff.max;
        if longest > ttl / 2 {
            let half = ttl / 2;
            return refused(format!(
                "registration.backoff.max is {longest:?}, it must be at most {half:?}, half of ttl"
            ));
        }
        Ok(Self { ttl, registration })
    }
}

impl EtcdRegistrar {
    pub(super) fn new(etcd: Etcd, prefix: Prefix) -> Self {
        Self { etcd, prefix, config: RegistrarConfig::default(), observer: Arc::new(()) }
    }

    /// With these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for one out of its range, by its name.
    pub fn config(mut self, config: RegistrarConfig) -> Result<Self, Error> {
        self.config = config.check()?;
        Ok(self)
    }

    /// Tells `observer` what becomes of the registrations.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    fn keeper(&self, instance: &Instance) -> Result<EtcdKeeper, Error> {
        instance.address.parse::<Address>()?;
        let key = self.prefix.key(&instance.id)?;
        Ok(EtcdKeeper::new(self.etcd.clone(), key, value::write(instance), self.config.ttl))
    }
}

/// The key is `prefix/id`. An address that is none, and an id that is empty, longer than 1 KiB or has control
/// characters, is `InvalidArgument`, before etcd is asked.
impl Registrar for EtcdRegistrar {
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>> {
        Box::pin(async move {
            let keeper = self.keeper(&instance)?;
            let observer = Arc::clone(&self.observer);
            let registration = Registration::of(self.prefix.to_string(), instance, keeper)
                .config(self.config.registration)
                .observer(move |event: &Event| observer.observe(event));
            registration.start().await
        })
    }
}

impl fmt::Debug for EtcdRegistrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdRegistrar")
            .field("etcd", &self.etcd)
            .field("prefix", &self.prefix)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
