use kit_core::sources::Random;
use kit_core::{Context, GateState};

use super::candidate::Candidate;
use super::candidates::{Candidates, Tier};

/// Of the calls that a probing instance would get, one in so many is sent to it.
const PROBE: f64 = 0.1;

/// Who may be picked for one call: a tier of [`Candidates`], without those that are out, refused, or tried already.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    set: &'a Candidates,
    cx: &'a Context,
    pub(super) tier: &'a Tier,
    /// Who is ejected is picked all the same.
    panics: bool,
    /// Who was tried, and did not refuse, is picked all the same.
    again: bool,
}

impl<'a> Choice<'a> {
    pub(super) fn new(set: &'a Candidates, cx: &'a Context, tier: &'a Tier) -> Self {
        Self { set, cx, tier, panics: false, again: false }
    }

    pub(super) fn over(self, panics: bool, again: bool) -> Self {
        Self { panics, again, ..self }
    }

    /// Whether the one at this place in the set may be picked.
    #[inline]
    pub fn may(&self, at: usize) -> bool {
        self.open(at).is_some()
    }

    /// The places in the set that may be picked.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.tier.range.clone().filter(|&at| self.may(at))
    }

    /// One by its share; not `besides`, which may leave nobody.
    pub fn draw(&self, random: &dyn Random, besides: Option<usize>) -> Option<usize> {
        // Thousandths, so that a ramp has steps.
        let weight = |at: usize| ((self.share(at) * 1000.0) as u64).max(1);
        let places = || self.places().filter(|&at| Some(at) != besides);
        let mut drawn = random.below(places().map(weight).fold(0, u64::saturating_add));
        let mut last = None;
        for at in places() {
            let weight = weight(at);
            if drawn < weight {
                return Some(at);
            }
            drawn -= weight;
            last = Some(at);
        }
        // A gate may close between two looks.
        last
    }

    /// The share of the one at this place by its weight, its ramp, and its probing, in means of its tier.
    pub fn share(&self, at: usize) -> f64 {
        let kept = self.open(at).map_or(1.0, |kept| kept);
        self.tier.relative(at) * kept
    }

    /// Whether it is to be taken where its turn has come: it may be, and `chance`, in `[0.0, 1.0)`, gives it what its ramp does.
    #[inline]
    pub fn takes(&self, at: usize, chance: impl FnOnce() -> f64) -> bool {
        self.open(at).is_some_and(|kept| kept >= 1.0 || chance() < kept)
    }

    #[inline]
    pub(super) fn sample(&self, random: &dyn Random) -> usize {
        self.tier.sample(random)
    }

    #[inline]
    pub(super) fn sample_two(&self, random: &dyn Random) -> (usize, usize) {
        self.tier.sample_two(random)
    }

    /// What part of its calls it is to get, if it may be picked.
    #[inline]
    fn open(&self, at: usize) -> Option<f64> {
        let one = &self.set[at];
        if one.is_plain() && !self.cx.attempts().has_tried(&one.instance().id) {
            return Some(1.0);
        }
        self.look(one)
    }

    /// The same, whatever it is.
    fn look(&self, one: &Candidate) -> Option<f64> {
        let now = self.cx.now();
        let out = one.is_out(now);
        if out && !self.panics {
            return None;
        }
        let probing = match one.gate_state(now) {
            GateState::Open => 1.0,
            GateState::Probing => PROBE,
            GateState::Refused { .. } => return None,
        };
        let (attempts, id) = (self.cx.attempts(), &one.instance().id);
        if attempts.has_tried(id) && (!self.again || attempts.was_refused(id)) {
            return None;
        }
        Some(if out { probing } else { one.ramp_at(now) * probing })
    }
}
