use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use kit_core::recover::{Contained, contain};
use kit_core::sources::Random;
use kit_core::{Context, Error, Gate, Instance, Observer};
use tokio::time::Instant;

use super::Balancer;
use super::candidate::{Candidate, Shared};
use super::candidates::{Candidates, Rank};
use super::clock::{Clock, nanos};
use super::config::Config;
use super::flight::Flight;
use super::pick::Pick;
use super::vitals::Vitals;
use crate::ejection::{self, Ejector};
use crate::instances::Instances;
use crate::policy::NoInstances;

type Gates = dyn Fn(&Instance) -> Arc<dyn Gate> + Send + Sync;

/// The set that calls are balanced over, and what is known of each instance in it.
///
/// Calls read it, whoever follows discovery sets it: neither waits for the other. An instance that stays through a change, by id and
/// address, keeps what is known of it. `C` is what a call needs to reach an instance, a channel, cheap to clone.
pub struct Roster<C = ()> {
    snapshot: ArcSwap<Snapshot<C>>,
    shared: Arc<Shared>,
    config: Config,
    gates: Option<Box<Gates>>,
    /// One change at a time; no call takes it.
    changing: Mutex<()>,
    /// When somebody came into the set that was empty.
    filled: AtomicU64,
}

struct Snapshot<C> {
    candidates: Candidates,
    /// In their order.
    channels: Box<[C]>,
    none: Option<NoInstances>,
}

impl<C: Clone> Roster<C> {
    /// Nobody yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, by its name.
    pub fn new(config: Config) -> Result<Self, Error> {
        let config = config.check()?;
        let shared = Shared {
            clock: Clock::new(Instant::now(), config.slow_start),
            ramp: nanos(config.slow_start),
            ramp_from: config.slow_start_from,
            decay: config.decay.as_nanos() as f64,
            penalty: config.failure_penalty.as_nanos() as f64,
            ejector: Ejector::new(config.ejection),
        };
        let nobody = Snapshot {
            candidates: Candidates::new(Box::default(), &config),
            channels: Box::default(),
            none: Some(NoInstances::Pending { error: None }),
        };
        let (snapshot, shared) = (ArcSwap::from_pointee(nobody), Arc::new(shared));
        Ok(Self { snapshot, shared, config, gates: None, changing: Mutex::new(()), filled: AtomicU64::new(0) })
    }

    /// With a gate in front of each instance, a breaker's: asked before an instance is picked, so that one that would refuse the call
    /// is not picked. It is called once for an instance that is new; if it panics, that is a bug, and the instance has no gate. Default
    /// none.
    pub fn with_gates(mut self, gates: impl Fn(&Instance) -> Arc<dyn Gate> + Send + Sync + 'static) -> Self {
        self.gates = Some(Box::new(gates));
        self
    }

    /// With this chance for how long an ejection lasts. Default the threads' own. Before the first set.
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.ejector.set_random(random);
        }
        self
    }

    /// With this observer of ejections. Default none. Before the first set.
    pub fn with_observer(mut self, observer: impl Observer<ejection::Event> + 'static) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.ejector.set_observer(Arc::new(Contained(observer)));
        }
        self
    }

    /// Makes these the set, each with its channel, or nobody and why. Calls that have picked are not disturbed.
    ///
    /// What comes into an empty set is not ramped up, since there is nobody else to call; what comes soon after that is by as much as it
    /// is behind those.
    pub fn replace(&self, served: Result<Vec<(Arc<Instance>, C)>, NoInstances>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.snapshot.load();
        let known: HashMap<&str, &Arc<Candidate>> =
            old.candidates.iter().map(|one| (&*one.instance().id, one)).collect();
        let candidate = |instance: Arc<Instance>| match known.get(&*instance.id) {
            Some(one) if Arc::ptr_eq(one.instance(), &instance) => Arc::clone(one),
            Some(one) if one.instance().address == instance.address => Arc::new(one.described(instance)),
            _ => self.newcomer(instance, true),
        };
        let served = served.map(|all| all.into_iter().map(|(instance, channel)| (candidate(instance), channel)));
        self.publish(served.map(Iterator::collect));
    }

    /// One that is to be in the set, ramped up if it comes `late`: after those that came into the empty set.
    pub(crate) fn newcomer(&self, instance: Arc<Instance>, late: bool) -> Arc<Candidate> {
        let vitals = Arc::new(Vitals::default());
        if late && !self.snapshot.load().candidates.is_empty() {
            let now = self.shared.clock.at(Instant::now());
            vitals.set_since(self.shared.newcomer_since(now, self.filled.load(Ordering::Relaxed)));
        }
        let gate = self.gates.as_ref().and_then(|gates| contain(|| gates(&instance)));
        Arc::new(Candidate::new(instance, vitals, gate, &self.shared))
    }

    /// Makes these the set.
    pub(crate) fn publish(&self, served: Result<Vec<(Arc<Candidate>, C)>, NoInstances>) {
        let (mut all, none) = match served {
            Ok(all) => (all, None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        all.sort_by_key(|(one, _)| Rank::of(one, &self.config));
        let (all, channels): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        if self.snapshot.load().candidates.is_empty() {
            self.filled.store(self.shared.clock.at(Instant::now()), Ordering::Relaxed);
        }
        self.shared.ejector.follow(all.iter().map(|one| Arc::clone(one.vitals())).collect());
        let candidates = Candidates::new(all.into(), &self.config);
        self.snapshot.store(Arc::new(Snapshot { candidates, channels: channels.into(), none }));
    }

    /// Picks one for a call, and notes in the context that the call goes there.
    ///
    /// # Errors
    /// `Unavailable` of reason [`no_endpoint`](NoInstances::REASON) if nobody may be picked; its cause is a [`NoInstances`], which says
    /// why. It never waits.
    #[inline]
    pub fn pick(&self, cx: &mut Context, balancer: &(impl Balancer + ?Sized)) -> Result<Pick<C>, Error> {
        loop {
            let snapshot = self.snapshot.load();
            let at = balancer.pick(cx, &snapshot.candidates);
            let Some((at, one)) = at.and_then(|at| Some((at, snapshot.candidates.get(at)?))) else {
                return Err(snapshot.nobody(cx));
            };
            // One that has left the set since is not in the one that is read next.
            if let Some(flight) = Flight::begin(one, cx) {
                cx.attempts_mut().record(&one.instance().id);
                return Ok(Pick::new(flight, snapshot.channels[at].clone()));
            }
        }
    }

    /// Why a call that begins now finds nobody; `None` if it finds somebody.
    pub(crate) fn why_none(&self, now: Instant) -> Option<NoInstances> {
        let (snapshot, cx) = (self.snapshot.load(), Context::at(now));
        match snapshot.candidates.choice(&cx) {
            Some(_) => None,
            None => Some(snapshot.why_none(&cx)),
        }
    }

    /// Reads the set as a balancer does: for who tries a balancer, or asks it whom it would pick. It takes no lock; no call begins.
    ///
    /// ```
    /// use kit_core::Context;
    /// use kit_discovery::balance::{Balancer as _, Roster, RoundRobin};
    /// use kit_discovery::{Fixed, Instancer as _, Policy};
    ///
    /// # fn main() -> Result<(), kit_core::Error> {
    /// let roster = Roster::new(Default::default())?;
    /// roster.set(Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80")?.subscribe().view(Policy::default())?.instances());
    ///
    /// let (turns, cx) = (RoundRobin::new(), Context::new());
    /// let picked = roster.read(|set| [turns.pick(&cx, set), turns.pick(&cx, set), turns.pick(&cx, set)]);
    /// assert_eq!(picked, [Some(0), Some(1), Some(0)]);
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn read<R>(&self, read: impl FnOnce(&Candidates) -> R) -> R {
        read(&self.snapshot.load().candidates)
    }

    /// Everybody in the set, as it stands: for who explains what goes on.
    pub fn candidates(&self) -> Vec<Arc<Candidate>> {
        self.snapshot.load().candidates.to_vec()
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl Roster {
    /// Makes these the set, or nobody and why: what a [`View`](crate::View) says.
    pub fn set(&self, served: Result<Instances, NoInstances>) {
        self.replace(served.map(|instances| instances.iter().map(|instance| (Arc::clone(instance), ())).collect()));
    }
}

impl<C> Snapshot<C> {
    #[cold]
    fn nobody(&self, cx: &Context) -> Error {
        self.why_none(cx).into()
    }

    fn why_none(&self, cx: &Context) -> NoInstances {
        self.none.clone().unwrap_or_else(|| self.candidates.why_none(cx))
    }
}

impl<C> fmt::Debug for Roster<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster")
            .field("candidates", &self.snapshot.load().candidates)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
