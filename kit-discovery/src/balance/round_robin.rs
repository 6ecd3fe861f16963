use std::sync::atomic::{AtomicUsize, Ordering};

use kit_core::Context;

use super::{Balancer, Candidates};

/// Each in turn, whatever its weight: exact shares at the price of one counter.
///
/// The turns of one that may not be picked are dealt to the others in turn, not to its neighbour.
///
/// # Source
/// Go kit, `sd/lb/round_robin.go`.
#[derive(Debug, Default)]
pub struct RoundRobin {
    turn: AtomicUsize,
    dealt: AtomicUsize,
}

impl RoundRobin {
    /// Begins with the first.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Balancer for RoundRobin {
    #[inline]
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let likely = set.likely(cx)?;
        let (turn, count) = (self.turn.fetch_add(1, Ordering::Relaxed), likely.tier.range.len());
        let at = likely.tier.range.start + turn % count;
        if likely.takes(at, || spread(turn / count)) {
            return Some(at);
        }
        let choice = set.choice(cx)?;
        if choice.tier.range.contains(&at) && choice.takes(at, || spread(turn / count)) {
            return Some(at);
        }
        let others = || choice.places().filter(|&other| other != at);
        match others().count() {
            0 => choice.places().next(),
            count => others().nth(self.dealt.fetch_add(1, Ordering::Relaxed) % count),
        }
    }
}

/// Numbers in `[0.0, 1.0)` that lie evenly, whatever stretch of them is looked at: multiples of the golden ratio.
fn spread(turn: usize) -> f64 {
    (turn as f64 * 0.618_033_988_749_894_9).fract()
}
