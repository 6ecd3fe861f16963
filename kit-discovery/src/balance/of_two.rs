use std::fmt;
use std::sync::Arc;

use kit_core::Context;
use kit_core::sources::{Random, ThreadRandom};

use super::{Balancer, Candidates};

/// The one of two with fewer requests in flight, for its weight: what is slow holds its calls for longer and gets fewer.
///
/// Two are drawn by weight, instead of all being looked at: nearly as good, at a price that does not grow with the set, and callers
/// that know the same do not all run to the same instance.
///
/// # Source
/// Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001; Envoy's least request.
#[derive(Clone, Debug)]
pub struct LeastRequests(Chance);

/// The one of two with the lower expected latency, by peak average and calls in flight; failures cost time too, so that failing
/// fast attracts nothing. The balancer to begin with.
///
/// The cost of a call is the peak average of latency, plus the share of failures times a
/// [penalty](super::Config::failure_penalty), times one more than the calls in flight for the weight. One that nobody has called
/// yet, or for half of the [decay](super::Config::decay), counts as quick as the other of the two.
///
/// # Source
/// Finagle's `PeakEwma` and tower's, neither of which counts failures.
#[derive(Clone, Debug)]
pub struct PeakEwma(Chance);

#[derive(Clone)]
struct Chance(Arc<dyn Random>);

impl LeastRequests {
    /// By the threads' own chance.
    pub fn new() -> Self {
        Self::from_source(Arc::new(ThreadRandom))
    }

    /// By this chance: a test's.
    pub fn from_source(random: Arc<dyn Random>) -> Self {
        Self(Chance(random))
    }
}

impl PeakEwma {
    /// By the threads' own chance.
    pub fn new() -> Self {
        Self::from_source(Arc::new(ThreadRandom))
    }

    /// By this chance: a test's.
    pub fn from_source(random: Arc<dyn Random>) -> Self {
        Self(Chance(random))
    }
}

impl Balancer for LeastRequests {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let (one, other) = match set.draw_two(cx, &*self.0.0)? {
            (one, Some(other)) => (one, other),
            (one, None) => return Some(one),
        };
        Some(if set.crowd(other, cx) < set.crowd(one, cx) { other } else { one })
    }
}

impl Balancer for PeakEwma {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let (one, other) = match set.draw_two(cx, &*self.0.0)? {
            (one, Some(other)) => (one, other),
            (one, None) => return Some(one),
        };
        let at = set[one].at(cx.now());
        let (own, others) = (set[one].cost_at(at), set[other].cost_at(at));
        let known = own.or(others).unwrap_or(1.0);
        let own = own.unwrap_or(known) * set.crowd(one, cx);
        let others = others.unwrap_or(known) * set.crowd(other, cx);
        Some(if others < own { other } else { one })
    }
}

impl Default for LeastRequests {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for PeakEwma {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
