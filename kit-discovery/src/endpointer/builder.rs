use std::fmt;
use std::sync::Arc;

use kit_core::recover::Contained;
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Factory, Gate, Instance, Observer};
use tokio::sync::watch;

use super::members::{Members, Of};
use super::overview::Overview;
use super::{Config, Endpointer, Event, News, task};
use crate::balance::Roster;
use crate::check::{self, Check};
use crate::ejection;
use crate::instancer::Instancer;
use crate::subscription::Subscription;

type Gates = Box<dyn Fn(&Instance) -> Arc<dyn Gate> + Send + Sync>;

/// An [`Endpointer`] that is not running yet.
pub struct Builder<F: Factory> {
    subscription: Subscription,
    factory: F,
    config: Config,
    gates: Option<Gates>,
    check: Option<Arc<dyn check::Erased<F::Channel>>>,
    observer: Arc<dyn Observer<Event>>,
    random: Arc<dyn Random>,
    owned: Option<Box<dyn Instancer>>,
}

impl<F: Factory + 'static> Builder<F> {
    pub(super) fn new(subscription: Subscription, factory: F) -> Self {
        Self {
            subscription,
            factory,
            config: Config::default(),
            gates: None,
            check: None,
            observer: Arc::new(()),
            random: Arc::new(ThreadRandom),
            owned: None,
        }
    }

    /// With these settings.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// With a gate in front of each instance, a breaker's: asked before an instance is picked, so that one that would refuse the call
    /// is not picked. It is called once for an instance that is new; if it panics, that is a bug, and the instance has no gate. Default
    /// none.
    pub fn gates(mut self, gates: impl Fn(&Instance) -> Arc<dyn Gate> + Send + Sync + 'static) -> Self {
        self.gates = Some(Box::new(gates));
        self
    }

    /// Asks every instance whether it is well, as [`Config::check`] says. Default nobody is asked.
    pub fn check(mut self, check: impl Check<F::Channel> + 'static) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    /// Tells `observer` what becomes of the instances; if it panics, that is a bug, and the endpointer goes on. Default nobody.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(Contained(observer));
        self
    }

    /// With pauses and ejections jittered by `random`. Default the threads' own chance.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Keeps what the subscription is of, and drops it, which stops it, when the endpointer ends: for who would have nowhere to
    /// keep it. Default nothing.
    pub fn owning(mut self, instancer: impl Instancer + 'static) -> Self {
        self.owned = Some(Box::new(instancer));
        self
    }

    /// Spawns the task that follows discovery.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, by its name, and for settings of checks where there is no check.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(self) -> Result<Endpointer<F::Channel>, Error> {
        let config = self.config.check()?;
        if config.check.is_some() && self.check.is_none() {
            return Err(Error::invalid_argument("check has settings, and there is no check"));
        }
        let view = self.subscription.view(config.policy)?;
        let service: Arc<str> = view.service().into();
        let observer = self.observer;
        let ejections = {
            let (service, observer) = (Arc::clone(&service), Arc::clone(&observer));
            move |event: &ejection::Event| {
                let (service, instance) = (Arc::clone(&service), Arc::clone(event.instance()));
                observer.observe(&Event { service, instance, news: News::Ejection(event.clone()) });
            }
        };
        let roster =
            Roster::new(config.balance.clone())?.with_random(Arc::clone(&self.random)).with_observer(ejections);
        let roster = Arc::new(match self.gates {
            Some(gates) => roster.with_gates(gates),
            None => roster,
        });
        let (tell, overview) = watch::channel(Overview::new());
        let (end, ended) = watch::channel(false);
        let endpointer = Endpointer::new(Arc::clone(&roster), view.clone(), overview, end);
        let (factory, check, random) = (Arc::new(self.factory), self.check, self.random);
        let members = Members::new(Of { service, factory, check, config, roster, random, observer });
        // Not a task that is stopped with its owner: it has channels to drain and to close first, and a bound for that.
        tokio::spawn(task::run(members, view, tell, ended, self.owned));
        Ok(endpointer)
    }
}

impl<F: Factory> fmt::Debug for Builder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("subscription", &self.subscription)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
