use std::cmp::Reverse;
use std::ops::{Deref, Range};
use std::sync::Arc;

use kit_core::health::Status;
use kit_core::sources::Random;
use kit_core::{Context, GateState};

use super::alias::Alias;
use super::candidate::{Candidate, Standing};
use super::choice::Choice;
use super::config::Config;
use crate::pick::Shares;
use crate::policy::NoInstances;

/// The instances a balancer picks from: those to be called first, first.
///
/// They stand in tiers: those that discovery calls healthy before the others, of these the lowest priority first, of these the
/// caller's zone, if it has one. A tier is left when none of it may be picked.
#[derive(Debug)]
pub struct Candidates {
    all: Box<[Arc<Candidate>]>,
    tiers: Box<[Tier]>,
    /// What each is to get by its weight, in means of its first tier.
    relative: Box<[f64]>,
    /// Fewer than so many that may be called, and ejections are passed over.
    panic_below: f64,
}

/// Instances that are alike but for their weights.
#[derive(Debug)]
pub(super) struct Tier {
    pub(super) range: Range<usize>,
    /// Of so many that may be picked it is used.
    least: usize,
    pub(super) shares: Box<[u64]>,
    pub(super) largest: u64,
    mean: f64,
    alias: Alias,
}

impl Candidates {
    /// In the order of their tiers, in which they have been put by [`Rank`].
    pub(super) fn new(all: Box<[Arc<Candidate>]>, config: &Config) -> Self {
        let mut tiers: Vec<Tier> = Vec::new();
        let mut start = 0;
        let group = |at: usize| Rank::of(&all[at], config).group();
        while start < all.len() {
            let end = (start..all.len()).find(|&at| group(at) != group(start)).unwrap_or(all.len());
            let near = (start..end).filter(|&at| Rank::of(&all[at], config).near()).count();
            if near > 0 && near < end - start {
                let least = (config.zone_share * near as f64).ceil() as usize;
                tiers.push(Tier::new(&all, start..start + near, least.max(1)));
            }
            tiers.push(Tier::new(&all, start..end, 1));
            start = end;
        }
        let panic_below = config.ejection.panic_below * all.len() as f64;
        let relative = |at: usize| {
            let tier = tiers.iter().find(|tier| tier.range.contains(&at));
            tier.map_or(1.0, |tier| tier.relative(at))
        };
        let relative = (0..all.len()).map(relative).collect();
        Self { all, tiers: tiers.into(), relative, panic_below }
    }

    /// Who is likely to be picked: the first tier, unseen. It costs nothing; ask [`Choice::may`] of each.
    #[inline]
    pub fn likely<'a>(&'a self, cx: &'a Context) -> Option<Choice<'a>> {
        Some(Choice::new(self, cx, self.tiers.first()?))
    }

    /// Who may be picked, after a look at all: somebody, or `None`.
    ///
    /// Instances that the call has not tried come before those it has, whatever their tier; then the first tier with somebody left.
    pub fn choice<'a>(&'a self, cx: &'a Context) -> Option<Choice<'a>> {
        let now = cx.now();
        let able =
            |one: &&Arc<Candidate>| !one.is_out(now) && !matches!(one.gate_state(now), GateState::Refused { .. });
        let panics = (self.iter().filter(able).count() as f64) < self.panic_below;
        [false, true].into_iter().find_map(|again| {
            self.tiers.iter().find_map(|tier| {
                let choice = Choice::new(self, cx, tier).over(panics, again);
                (choice.places().count() >= tier.least).then_some(choice)
            })
        })
    }

    /// One by its share, as its tier's weights give it: what a balancer does that has no better idea.
    pub fn draw(&self, cx: &Context, random: &dyn Random) -> Option<usize> {
        let likely = self.likely(cx)?;
        let first = likely.sample(random);
        if likely.takes(first, || random.unit()) {
            return Some(first);
        }
        self.choice(cx)?.draw(random, None)
    }

    /// Two by their shares, different ones if there are two.
    pub(super) fn draw_two(&self, cx: &Context, random: &dyn Random) -> Option<(usize, Option<usize>)> {
        let likely = self.likely(cx)?;
        let (first, second) = likely.sample_two(random);
        let takes = |at| likely.takes(at, || random.unit());
        if first != second && takes(first) && takes(second) {
            return Some((first, Some(second)));
        }
        if first == second && likely.tier.range.len() > 1 && takes(first) {
            // Drawn again, and no other way looked for: it happens once in as many times as there are instances.
            for _ in 0..4 {
                let other = likely.sample(random);
                if other != first && takes(other) {
                    return Some((first, Some(other)));
                }
            }
        }
        let choice = self.choice(cx)?;
        let first = choice.draw(random, None)?;
        Some((first, choice.draw(random, Some(first))))
    }

    /// One more than the calls in flight at this place, for what it is to get by weight and ramp.
    #[inline]
    pub(super) fn crowd(&self, at: usize, cx: &Context) -> f64 {
        let in_flight = self[at].in_flight();
        if in_flight == 0 {
            return 1.0;
        }
        1.0 + f64::from(in_flight) / (self.relative[at] * self[at].ramp_at(cx.now()))
    }

    /// Why nobody may be picked.
    #[cold]
    pub(super) fn why_none(&self, cx: &Context) -> NoInstances {
        let now = cx.now();
        if self.is_empty() {
            return NoInstances::Empty;
        }
        let (mut ejected, mut failing, mut refused, mut declined, mut untils) = (0, 0, 0, 0, Vec::new());
        for one in self.iter() {
            match one.standing(now) {
                Standing::Ejected { until, .. } => {
                    ejected += 1;
                    untils.extend(until);
                }
                Standing::FailsChecks => failing += 1,
                Standing::Refused { until } => {
                    refused += 1;
                    untils.extend(until);
                }
                _ if cx.attempts().was_refused(&one.instance().id) => declined += 1,
                _ => {}
            }
        }
        NoInstances::AllOut { ejected, failing, refused, declined, until: untils.into_iter().min() }
    }
}

impl Deref for Candidates {
    type Target = [Arc<Candidate>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Tier {
    fn new(all: &[Arc<Candidate>], range: Range<usize>, least: usize) -> Self {
        let weights = || all[range.clone()].iter().map(|one| one.instance().weight);
        let shares = Shares::of(weights());
        let each: Box<[u64]> = weights().map(|weight| shares.share(weight)).collect();
        Self {
            least,
            largest: each.iter().copied().max().unwrap_or(1),
            mean: shares.sum() as f64 / each.len() as f64,
            alias: Alias::new(&each),
            shares: each,
            range,
        }
    }

    #[inline]
    pub(super) fn sample(&self, random: &dyn Random) -> usize {
        self.range.start + self.alias.sample(random)
    }

    #[inline]
    pub(super) fn sample_two(&self, random: &dyn Random) -> (usize, usize) {
        let (one, other) = self.alias.sample_two(random);
        (self.range.start + one, self.range.start + other)
    }

    /// In means: 1.0 is what all get where all are alike.
    #[inline]
    pub(super) fn relative(&self, at: usize) -> f64 {
        match self.alias {
            Alias::Alike(_) => 1.0,
            Alias::Tables(_) => self.shares[at - self.range.start] as f64 / self.mean,
        }
    }
}

/// Where an instance stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    unhealthy: bool,
    priority: u16,
    near: Reverse<bool>,
}

impl Rank {
    pub(super) fn of(candidate: &Candidate, config: &Config) -> Self {
        let instance = candidate.instance();
        Self {
            unhealthy: instance.health != Status::Healthy,
            priority: instance.priority,
            near: Reverse(config.zone.is_some() && instance.zone.as_deref() == config.zone.as_deref()),
        }
    }

    fn group(self) -> (bool, u16) {
        (self.unhealthy, self.priority)
    }

    fn near(self) -> bool {
        self.near.0
    }
}
