use std::fmt;
use std::sync::Arc;

use kit_core::sources::ThreadRandom;
use kit_core::{Context, Error};

use super::{Balancer, Candidates};

type Key = dyn Fn(&Context) -> Option<u64> + Send + Sync;

/// Calls of one key to one instance, as long as it may be picked and is not overloaded: for caches, and for what should meet its
/// like.
///
/// A change of the set moves the keys of what has come or gone and no others, and callers with the same set agree. No instance gets
/// more than its bound, a multiple of what each has in flight on average; past it a key goes to its second instance, and always to
/// the same second. A new instance takes its keys over one by one. A call without a key goes to anyone.
///
/// A pick looks at every instance, a few times: its price grows with the set.
///
/// # Source
/// Thaler and Ravishankar, rendezvous hashing, 1998, with logarithms for weights (Schindelhauer and Schomaker, 2005); Mirrokni,
/// Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016.
#[derive(Clone)]
pub struct ConsistentHash {
    key: Arc<Key>,
    bound: f64,
}

impl ConsistentHash {
    /// The bound that is good enough for most: a quarter above the average.
    pub const BOUND: f64 = 1.25;

    /// By this key of a call, with the usual [bound](Self::BOUND).
    pub fn new(key: impl Fn(&Context) -> Option<u64> + Send + Sync + 'static) -> Self {
        Self { key: Arc::new(key), bound: Self::BOUND }
    }

    /// By what goes out under this key of the metadata: a user, a tenant.
    pub fn by_outbound(name: &'static str) -> Self {
        Self::new(move |cx| cx.outbound()?.get(name).map(|value| hash(value.as_bytes())))
    }

    /// Never more in flight at one instance than `bound` times the average, rounded up. Above 1.0: closer to it loads are more even and
    /// more keys are away from home. `f64::INFINITY` binds nobody.
    ///
    /// # Errors
    /// `InvalidArgument` for a bound of 1.0 or less, or NaN.
    pub fn with_bound(mut self, bound: f64) -> Result<Self, Error> {
        if bound.is_nan() || bound <= 1.0 {
            return Err(Error::invalid_argument(format!("bound is {bound:?}, it must be above 1.0")));
        }
        self.bound = bound;
        Ok(self)
    }
}

impl Balancer for ConsistentHash {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let Some(key) = (self.key)(cx) else { return set.draw(cx, &ThreadRandom) };
        let choice = set.choice(cx)?;
        let (mut flying, mut shares) = (0.0, 0.0);
        for at in choice.places() {
            flying += f64::from(set[at].in_flight());
            shares += choice.share(at);
        }
        // The call itself is one of those in flight.
        let each = self.bound * (flying + 1.0) / shares;
        let (mut best, mut free) = (None, None);
        for at in choice.places() {
            let mixed = mix(key ^ set[at].hash());
            let share = choice.share(at);
            // In (0.0, 1.0]; its logarithm gives each its share of the keys.
            let score = share / -(((mixed >> 11) as f64 + 1.0) / (1_u64 << 53) as f64).ln();
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, at));
            }
            let has_room = f64::from(set[at].in_flight()) < (each * share).ceil();
            if has_room && free.is_none_or(|(most, _)| score > most) {
                free = Some((score, at));
            }
        }
        free.or(best).map(|(_, at)| at)
    }
}

impl fmt::Debug for ConsistentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsistentHash").field("bound", &self.bound).finish_non_exhaustive()
    }
}

/// The same number for the same bytes, in every process and every version: FNV-1a, mixed. Not for what an enemy chooses.
pub fn hash(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finish of SplitMix64: every bit changes with each.
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
