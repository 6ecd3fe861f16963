use std::collections::{BTreeMap, HashMap};
use std::mem::replace;
use std::sync::Arc;
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Error, Factory, Instance, Observer};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::errand::{self, Done};
use super::member::{Member, Stage};
use super::overview::{Overview, Phase};
use super::{Config, Event, News};
use crate::backoff::Pauses;
use crate::balance::Roster;
use crate::check::{self, Tally};
use crate::instances::Instances;
use crate::policy::NoInstances;

/// All instances that have a channel, or are to have one, and the rules by which they come and go. Everything is decided here, in
/// one task; what takes time is an [errand](super::errand).
pub(super) struct Members<F: Factory> {
    pub(super) of: Of<F>,
    /// By serial number: an errand of a member that has gone meanwhile finds nobody.
    all: BTreeMap<u64, Member<F::Channel>>,
    /// Those that discovery lists, by id.
    listed: HashMap<Arc<str>, u64>,
    serials: u64,
    errands: JoinSet<Done<F::Channel>>,
    verdict: Result<Instances, NoInstances>,
    /// The roster is to hear of it.
    changed: bool,
}

/// What the endpointer was built with.
pub(super) struct Of<F: Factory> {
    pub(super) service: Arc<str>,
    pub(super) factory: Arc<F>,
    pub(super) check: Option<Arc<dyn check::Erased<F::Channel>>>,
    pub(super) config: Config,
    pub(super) roster: Arc<Roster<Arc<F::Channel>>>,
    pub(super) random: Arc<dyn Random>,
    pub(super) observer: Arc<dyn Observer<Event>>,
}

impl<F: Factory + 'static> Members<F> {
    pub(super) fn new(of: Of<F>) -> Self {
        Self {
            of,
            all: BTreeMap::new(),
            listed: HashMap::new(),
            serials: 0,
            errands: JoinSet::new(),
            verdict: Err(NoInstances::Pending { error: None }),
            changed: false,
        }
    }

    /// Discovery says these, or nobody and why. Who has left is out of the roster when this returns.
    pub(super) fn follow(&mut self, verdict: Result<Instances, NoInstances>) {
        let set = verdict.as_ref().ok();
        let stays = |member: &Member<_>| {
            set.and_then(|set| set.get(&member.instance.id)).is_some_and(|instance| member.is(instance))
        };
        let gone: Vec<u64> = self.listed.values().copied().filter(|serial| !stays(&self.all[serial])).collect();
        let late = gone.len() < self.listed.len();
        for serial in &gone {
            self.listed.remove(&self.all[serial].instance.id);
        }
        for instance in set.into_iter().flatten() {
            match self.listed.get(&instance.id).and_then(|serial| self.all.get_mut(serial)) {
                Some(member) => member.describe(instance),
                None => self.add(instance, late),
            }
        }
        self.verdict = verdict;
        self.changed = true;
        self.publish();
        // From here on nobody finds them.
        for serial in gone {
            self.remove(serial);
        }
    }

    /// Waits for the next errand that is done; `None` if there is none to wait for.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Done<F::Channel>> {
        loop {
            // An error is one that was aborted.
            if let Ok(done) = self.errands.join_next().await? {
                return Some(done);
            }
        }
    }

    /// Another errand that is done by now.
    pub(super) fn another(&mut self) -> Option<Done<F::Channel>> {
        std::iter::from_fn(|| self.errands.try_join_next()).find_map(Result::ok)
    }

    pub(super) fn done(&mut self, done: Done<F::Channel>) {
        match done {
            Done::Made { serial, made: Ok(channel) } => self.made(serial, Arc::new(channel)),
            Done::Made { serial, made: Err(error) } => self.not_made(serial, error),
            Done::Checked { serial, answer } => self.checked(serial, answer),
            Done::Drained { serial } => self.drained(serial),
            Done::Closed { serial, late } => {
                if let Some(Member { instance, stage: Stage::Closing { cut }, .. }) = self.all.remove(&serial) {
                    self.tell(&instance, News::Closed { cut, late });
                }
            }
        }
    }

    /// Tells the roster, if it is to hear.
    pub(super) fn publish(&mut self) {
        if !replace(&mut self.changed, false) {
            return;
        }
        let published = self.verdict.as_ref().map_err(NoInstances::clone).and_then(|set| {
            // In the order of the set, so that who takes turns takes them in the same.
            let members = || set.iter().filter_map(|instance| self.all.get(self.listed.get(&instance.id)?));
            let ready: Vec<_> = members().filter_map(Member::ready).collect();
            if !ready.is_empty() {
                return Ok(ready);
            }
            let error = members().find_map(|member| member.error.clone());
            Err(NoInstances::NotConnected { instances: set.len(), error })
        });
        self.of.roster.publish(published);
    }

    /// What is to be known of it outside.
    pub(super) fn overview(&self, discovery_stopped: bool) -> Overview {
        let phase = match &self.verdict {
            Err(NoInstances::Closed) => Phase::Closed,
            Err(_) if discovery_stopped => Phase::Stopped,
            _ if self.is_usable() => Phase::Usable,
            _ => Phase::Waiting,
        };
        Overview { phase, members: self.all.values().map(Member::known).collect() }
    }

    /// Whether somebody is in the set.
    fn is_usable(&self) -> bool {
        self.all.values().any(|member| matches!(member.stage, Stage::In { .. }))
    }

    /// One that discovery lists, and did not list before.
    fn add(&mut self, instance: &Arc<Instance>, late: bool) {
        self.serials += 1;
        let serial = self.serials;
        self.listed.insert(Arc::clone(&instance.id), serial);
        let draining = |member: &Member<_>| matches!(member.stage, Stage::Draining { .. }) && member.is(instance);
        match self.all.iter().find(|(_, member)| draining(member)).map(|(&before, _)| before) {
            Some(before) => self.take_back(before, serial, instance, late),
            None => {
                let pauses = Pauses::new(self.of.config.backoff);
                self.all.insert(serial, Member::new(Arc::clone(instance), late, pauses));
                self.make(serial, Duration::ZERO);
            }
        }
    }

    /// One is listed again while it drains: its connections are there.
    fn take_back(&mut self, before: u64, serial: u64, instance: &Arc<Instance>, late: bool) {
        let Some(mut member) = self.all.remove(&before) else { return };
        member.stop();
        member.stage = match member.stage {
            Stage::Draining { channel, candidate, .. } => {
                candidate.come_back(late.then(Instant::now));
                Stage::In { channel, candidate }
            }
            other => other,
        };
        member.describe(instance);
        // Under a new number: the end of its drain may be on its way.
        self.all.insert(serial, member);
        self.ask(serial, false);
        self.tell(instance, News::Returned);
    }

    /// One that discovery does not list any more, and that the roster has let go.
    fn remove(&mut self, serial: u64) {
        let limit = self.of.config.drain;
        let Some(member) = self.all.get_mut(&serial) else { return };
        member.stop();
        match replace(&mut member.stage, Stage::Making) {
            Stage::In { channel, candidate } => {
                candidate.leave();
                let in_flight = candidate.in_flight();
                let instance = Arc::clone(&member.instance);
                if in_flight == 0 || limit.is_zero() {
                    self.close(serial, channel, in_flight);
                } else {
                    let drain = errand::drain(serial, Arc::clone(&candidate), limit);
                    let until = Instant::now().checked_add(limit);
                    member.stage = Stage::Draining { channel, candidate, until };
                    member.errand = Some(self.errands.spawn(drain));
                }
                self.tell(&instance, News::Left { in_flight });
            }
            Stage::Trying { channel } => self.close(serial, channel, 0),
            // A channel that is made all the same finds no member, and is closed then.
            _ => drop(self.all.remove(&serial)),
        }
    }

    fn made(&mut self, serial: u64, channel: Arc<F::Channel>) {
        let Some(member) = self.all.get_mut(&serial) else { return self.close(serial, channel, 0) };
        member.attempts = member.attempts.saturating_add(1);
        member.error = None;
        member.stage = Stage::Trying { channel };
        match self.of.check {
            Some(_) => self.ask(serial, true),
            None => self.enter(serial),
        }
    }

    fn not_made(&mut self, serial: u64, error: Error) {
        let Some(member) = self.all.get_mut(&serial) else { return };
        member.attempts = member.attempts.saturating_add(1);
        member.error = Some(error.clone());
        let (instance, attempts) = (Arc::clone(&member.instance), member.attempts);
        let (pause, told) = (member.pauses.pause(&*self.of.random), member.trouble.tell(Instant::now()));
        self.make(serial, pause);
        // Why nobody is connected, if nobody is.
        self.changed |= !self.is_usable();
        if told.is_some() {
            self.tell(&instance, News::NotMade { error, attempts });
        }
    }

    /// One that has a channel, and an answer to its first check if it has checks, is in the set from here on.
    fn enter(&mut self, serial: u64) {
        let Some(member) = self.all.get_mut(&serial) else { return };
        member.stage = match replace(&mut member.stage, Stage::Making) {
            Stage::Trying { channel } => {
                // One that could not be reached at first comes later than those that could.
                let late = member.late || member.attempts > 1;
                let candidate = self.of.roster.newcomer(Arc::clone(&member.instance), late);
                if member.tally.as_ref().is_some_and(|tally| tally.failing().is_some()) {
                    candidate.fail_checks();
                }
                Stage::In { channel, candidate }
            }
            other => other,
        };
        self.changed = true;
        let (instance, attempts) = (Arc::clone(&member.instance), member.attempts);
        self.tell(&instance, News::Made { attempts });
        self.ask(serial, false);
    }

    fn checked(&mut self, serial: u64, answer: Result<(), Error>) {
        let Some(member) = self.all.get_mut(&serial) else { return };
        let instance = Arc::clone(&member.instance);
        let news = |tally: &Tally| match tally.failing() {
            Some(error) => News::FailsChecks { error: error.clone() },
            None => News::PassesChecks,
        };
        match (&member.stage, &mut member.tally) {
            (Stage::Trying { .. }, _) => {
                let tally = member.tally.insert(Tally::first(answer));
                let news = tally.failing().is_some().then(|| news(tally));
                self.enter(serial);
                if let Some(news) = news {
                    self.tell(&instance, news);
                }
            }
            (Stage::In { candidate, .. }, Some(tally)) => {
                let config = self.of.config.check.unwrap_or_default();
                if tally.note(answer, &config) {
                    match tally.failing() {
                        Some(_) => candidate.fail_checks(),
                        None => candidate.pass_checks(Instant::now()),
                    }
                    let news = news(tally);
                    self.tell(&instance, news);
                }
                self.ask(serial, false);
            }
            _ => {}
        }
    }

    fn drained(&mut self, serial: u64) {
        let Some(member) = self.all.get_mut(&serial) else { return };
        match replace(&mut member.stage, Stage::Making) {
            Stage::Draining { channel, candidate, .. } => self.close(serial, channel, candidate.in_flight()),
            other => member.stage = other,
        }
    }

    fn make(&mut self, serial: u64, pause: Duration) {
        let Some(member) = self.all.get_mut(&serial) else { return };
        let (factory, instance) = (Arc::clone(&self.of.factory), Arc::clone(&member.instance));
        let make = errand::make(serial, factory, instance, pause, self.of.config.make);
        member.errand = Some(self.errands.spawn(make));
    }

    /// Asks one whether it is well: at once, or after the usual pause.
    fn ask(&mut self, serial: u64, at_once: bool) {
        let (Some(check), Some(member)) = (&self.of.check, self.all.get_mut(&serial)) else { return };
        let (Stage::Trying { channel } | Stage::In { channel, .. }) = &member.stage else { return };
        let config = self.of.config.check.unwrap_or_default();
        let whole = config.interval;
        let pause = if at_once { Duration::ZERO } else { whole - whole / 5 + self.of.random.jitter(whole / 5 * 2) };
        let (instance, channel) = (Arc::clone(&member.instance), Arc::clone(channel));
        let ask = errand::check(serial, Arc::clone(check), instance, channel, pause, config.timeout);
        member.errand = Some(self.errands.spawn(ask));
    }

    fn close(&mut self, serial: u64, channel: Arc<F::Channel>, cut: u32) {
        if let Some(member) = self.all.get_mut(&serial) {
            member.stage = Stage::Closing { cut };
        }
        self.errands.spawn(errand::close(serial, channel, self.of.config.close));
    }

    fn tell(&self, instance: &Instance, news: News) {
        let (service, instance) = (Arc::clone(&self.of.service), Arc::clone(&instance.id));
        self.of.observer.observe(&Event { service, instance, news });
    }
}
