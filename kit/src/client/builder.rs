use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use kit_circuit::breaker::registry::{self, ByInstance, Registry};
use kit_circuit::budget::{Budget, Budgets};
use kit_circuit::retry::RetryLayer;
use kit_circuit::timeout::{DeadlineLayer, TimeoutLayer};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Factory, Observer};
use kit_discovery::Instancer;
use kit_discovery::balance::{Balancer, PeakEwma};
use kit_discovery::check::Check;
use kit_discovery::endpointer::{self, Endpointer, Event};
use kit_log::Logger;
use kit_log::request::RequestLogLayer;
use kit_metrics::Registry as Metrics;
use kit_metrics::red::RedLayer;
use kit_transport::http::client::Channels;

use super::breakers::Breakers;
use super::config::within;
use super::pooled::Shared;
use super::{BalancedSlots, Client, Config, Stack, slot};
use crate::observe;
use crate::stack::{short, unregistered};

/// Breakers that a client keeps at most: each goes with its instance, so it is larger than any set.
const MOST_BREAKERS: usize = 65_536;

type Make<F> = Box<dyn FnOnce(&Config) -> Result<F, Error> + Send>;
type Checked<F> = Box<dyn FnOnce(endpointer::Builder<F>) -> endpointer::Builder<F> + Send>;

/// A [`Client`] that is not running yet: each part as it is by default, until it is given.
///
/// `F` makes channels, `B` picks instances; nobody has to name them.
#[must_use = "it follows nobody before it is started"]
pub struct Builder<F: Factory, B = PeakEwma> {
    instancer: Box<dyn Instancer>,
    factory: Make<F>,
    balancer: B,
    name: Option<Arc<str>>,
    config: Config,
    retry: Option<RetryLayer>,
    budget: Option<Budget>,
    breakers: Option<Registry<Arc<str>>>,
    check: Option<Checked<F>>,
    observer: Arc<dyn Observer<Event>>,
    random: Arc<dyn Random>,
}

impl Builder<Channels> {
    pub(super) fn http(instancer: impl Instancer + 'static) -> Self {
        let connect = |config: &Config| Channels::new(config.connections.clone()).map_err(within("connections"));
        Self::new(Box::new(instancer), Box::new(connect))
    }
}

impl<F: Factory + 'static> Builder<F> {
    pub(super) fn over(instancer: impl Instancer + 'static, factory: F) -> Self {
        let own = |config: &Config| match config.connections == Config::default().connections {
            true => Ok(factory),
            false => Err(Error::invalid_argument("connections is for HTTP, and this client has a factory of its own")),
        };
        Self::new(Box::new(instancer), Box::new(own))
    }

    fn new(instancer: Box<dyn Instancer>, factory: Make<F>) -> Self {
        Self {
            instancer,
            factory,
            balancer: PeakEwma::new(),
            name: None,
            config: Config::default(),
            retry: None,
            budget: None,
            breakers: None,
            check: None,
            observer: Arc::new(()),
            random: Arc::new(ThreadRandom),
        }
    }
}

impl<F: Factory + 'static, B: Balancer> Builder<F, B> {
    /// Under another name in metrics and in the budget than the service's: for a second client of one service.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With these settings. Default [`Config::default`].
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Picks by this. Default [`PeakEwma`].
    pub fn balancer<N: Balancer>(self, balancer: N) -> Builder<F, N> {
        let Self { instancer, factory, name, config, retry, budget, breakers, check, observer, random, .. } = self;
        Builder { instancer, factory, balancer, name, config, retry, budget, breakers, check, observer, random }
    }

    /// Repeats by this, with its budget unless [another](Self::budget) is given, instead of by [`Config::retry`] and [`Config::budget`].
    pub fn retry(mut self, retry: RetryLayer) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Spends this budget, which others may share: all that repeats calls to the same callee should
    /// ([`Budgets`](kit_circuit::budget::Budgets) has them by name). Default one of its own by [`Config::budget`].
    pub fn budget(mut self, budget: &Budget) -> Self {
        self.budget = Some(budget.clone());
        self
    }

    /// With these breakers, by the ids of the instances, instead of those of [`Config::breaker`]. One goes with its instance.
    pub fn breakers(mut self, breakers: Registry<Arc<str>>) -> Self {
        self.breakers = Some(breakers);
        self
    }

    /// Asks every instance whether it is well, as [`endpointer::Config::check`] says. Default nobody is asked.
    pub fn check(mut self, check: impl Check<F::Channel> + 'static) -> Self {
        self.check = Some(Box::new(|endpointer| endpointer.check(check)));
        self
    }

    /// Tells `observer` what becomes of the instances, besides the log and the metrics.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// With pauses, ejections and the times of breakers jittered by `random`. A balancer and a retry have their own. Default the threads' own chance.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Follows the instances from now on. Calls are logged to `log` and counted in `metrics`, and so is what becomes of the instances and
    /// what discovery knows, unless that is [shown](observe::discovery) already.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, by its name, and for settings of a part that is given besides;
    /// `FailedPrecondition` if `metrics` has one of the names for
    /// something else, or shows another client of this [name](Self::named).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[expect(clippy::type_complexity, reason = "nobody writes it: it is `Client` for the defaults")]
    pub fn start(
        self,
        log: &Logger,
        metrics: &Metrics,
    ) -> Result<Client<F::Channel, BalancedSlots<F::Channel, B>>, Error> {
        let Self { instancer, config, .. } = self;
        let default = Config::default();
        let subscription = instancer.subscribe();
        let name = self.name.unwrap_or_else(|| subscription.service().into());
        let factory = (self.factory)(&config)?;

        let deadline = DeadlineLayer::new(config.deadline).map_err(within("deadline"))?;
        let attempt_timeout =
            TimeoutLayer::new(config.attempt_timeout).map_err(|_| Error::invalid_argument(ZERO_ATTEMPT))?;
        let retry = match self.retry {
            Some(retry) => {
                said_twice("retry", config.retry != default.retry)?;
                said_twice("budget", config.budget != default.budget)?;
                self.budget.map_or(retry.clone(), |budget| retry.budget(&budget))
            }
            None => {
                let own = || Ok::<_, Error>(Budgets::new(config.budget).map_err(within("budget"))?.named(&name));
                said_twice("budget", self.budget.is_some() && config.budget != default.budget)?;
                let budget = self.budget.map_or_else(own, Ok)?;
                RetryLayer::new(config.retry).map_err(within("retry"))?.budget(&budget)
            }
        };
        let breakers = match self.breakers {
            Some(breakers) => {
                said_twice("breaker", config.breaker.is_some())?;
                breakers
            }
            None => {
                let each = registry::Config { max: MOST_BREAKERS, breaker: config.breaker(), ..Default::default() };
                let told = (observe::breakers(metrics, &name)?, observe::breakers_log(log, &name));
                Registry::new(each).map_err(within("breaker"))?.observe(told).random(Arc::clone(&self.random))
            }
        };
        let breakers = Breakers::new(breakers);

        let red = RedLayer::client(metrics).map_err(|cause| unregistered("client", cause))?;
        let told = (observe::instances_log(log), (observe::instances(metrics, &name)?, self.observer));
        let picks = observe::picks(metrics, &name, self.balancer)?;
        // Another client of the service may have shown it, or the program.
        match observe::discovery(metrics, &subscription) {
            Err(error) if !observe::is_shown(&error) => return Err(error),
            _ => {}
        }
        observe::retries(metrics, &name, &retry.handle())?;
        observe::budget(metrics, &name, retry.handle().budget())?;
        observe::deadlines(metrics, &name, &deadline.handle())?;
        observe::timeouts(metrics, &name, &attempt_timeout.handle())?;

        let gates = breakers.clone();
        let endpointer = Endpointer::of(subscription, factory)
            .config(config.endpointer)
            .gates(move |instance| gates.gate(instance))
            .observer(told)
            .random(self.random)
            .owning(instancer);
        let endpointer = match self.check {
            Some(check) => check(endpointer),
            None => endpointer,
        };
        let endpointer = endpointer.start().map_err(within("endpointer"))?;
        let layer = breakers.registry().layer(ByInstance);
        let shared = Arc::new(Shared {
            balancer: short(type_name::<B>()),
            budget: retry.handle().budget().clone(),
            name,
            breakers,
            endpointer,
        });
        shared.show(metrics)?;

        let balance = shared.endpointer.layer(picks.keeping(Arc::clone(&shared) as _));
        let stack = Stack::empty()
            .replace(slot::Metrics, red)
            .replace(slot::Log, RequestLogLayer::client(log))
            .replace(slot::Deadline, deadline)
            .replace(slot::Retry, retry)
            .replace(slot::Balance, balance)
            .replace(slot::AttemptTimeout, attempt_timeout)
            .replace(slot::Breaker, layer);
        Ok(Client::new(stack, shared))
    }
}

/// A part that is given and has settings besides, which would do nothing.
fn said_twice(part: &str, set: bool) -> Result<(), Error> {
    match set {
        true => Err(Error::invalid_argument(format!("{part} has settings, and is given besides"))),
        false => Ok(()),
    }
}

const ZERO_ATTEMPT: &str = "attempt_timeout is 0ns, it must be more than zero";

impl<F: Factory, B> fmt::Debug for Builder<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("name", &self.name).field("config", &self.config).finish_non_exhaustive()
    }
}
