use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::Context;
use kit_core::sources::SeededRandom;

use super::{Balancer, Candidates};

/// Each in turn as often as its weight says, and spread out: weights of 5, 1 and 1 never send five calls in a row to one while
/// another waits for longer than a round. Shares are exact over a round of all weights.
///
/// Turns of one that may not be picked go to the others by their weights.
///
/// # Source
/// gRPC A58 and its static stride scheduler, which needs one counter where nginx's smooth weighted round robin needs a lock: turn
/// after turn each instance is passed, and taken whenever its weight has added up to the largest.
#[derive(Debug, Default)]
pub struct SmoothWeighted {
    turn: AtomicU64,
}

impl SmoothWeighted {
    /// Begins with the first.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Balancer for SmoothWeighted {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let likely = set.likely(cx)?;
        let tier = likely.tier;
        let count = tier.shares.len() as u64;
        // Each round takes the heaviest: where weights differ so much that a few rounds do not find one, chance does.
        for _ in 0..4 * count {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let (place, round) = (turn % count, turn / count);
            let share = tier.shares[place as usize];
            // Those of one weight are not taken in the same round.
            let offset = u128::from(tier.largest) * u128::from(place) / u128::from(count);
            let sum = u128::from(share) * u128::from(round) + offset;
            if (sum % u128::from(tier.largest)) as u64 >= tier.largest - share {
                let (at, chance) = (tier.range.start + place as usize, SeededRandom::new(turn));
                if likely.takes(at, || kit_core::sources::Random::unit(&chance)) {
                    return Some(at);
                }
                return set.choice(cx)?.draw(&chance, None);
            }
        }
        set.choice(cx)?.draw(&SeededRandom::new(self.turn.load(Ordering::Relaxed)), None)
    }
}
