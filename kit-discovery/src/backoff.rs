use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

/// The pauses after failures: each twice the last, up to the longest, each up to a fifth shorter or longer by chance, so that
/// many that failed together do not return together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The first pause. More than zero, at most `max`. Default 100 ms: longer than a connection that was dropped for a moment.
    #[serde(with = "duration")]
    pub first: Duration,
    /// The longest, before chance. Default 3 s: a server that returns is noticed within 5 s.
    #[serde(with = "duration")]
    pub max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), max: Duration::from_secs(3) }
    }
}

impl Backoff {
    /// This, if its settings are in their ranges.
    ///
    /// # Errors
    /// `InvalidArgument`, by the name of the setting.
    pub fn check(self) -> Result<Self, Error> {
        if self.first.is_zero() {
            return Err(Error::invalid_argument("first is 0ns, it must be more than zero"));
        }
        if self.first > self.max {
            let Self { first, max } = self;
            return Err(Error::invalid_argument(format!(
                "first is {first:?}, it must be at most {max:?}, which is max"
            )));
        }
        Ok(self)
    }
}

/// The pauses of one source, in their order.
#[derive(Debug)]
pub(crate) struct Pauses {
    backoff: Backoff,
    next: Duration,
}

impl Pauses {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { backoff, next: backoff.first }
    }

    /// The pause after one more failure.
    pub(crate) fn pause(&mut self, random: &dyn Random) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.backoff.max);
        whole - whole / 5 + random.jitter(whole / 5 * 2)
    }

    /// It works: the next pause is a first one.
    pub(crate) fn reset(&mut self) {
        self.next = self.backoff.first;
    }
}

#[cfg(test)]
mod tests {
    use kit_core::sources::SeededRandom;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn pauses_double_up_to_the_longest_and_spread_by_a_fifth() {
        let random = SeededRandom::new(7);
        let mut pauses = Pauses::new(Backoff { first: 100 * MS, max: 1_000 * MS });
        for whole in [100, 200, 400, 800, 1_000, 1_000] {
            let pause = pauses.pause(&random);
            assert!(pause >= whole * MS * 4 / 5 && pause < whole * MS * 6 / 5, "{pause:?} of {whole}");
        }
        pauses.reset();
        assert!(pauses.pause(&random) < 120 * MS);
    }

    #[test]
    fn the_longest_pause_of_the_default_lets_a_source_return_within_5_s() {
        struct Highest;
        impl Random for Highest {
            fn bits(&self) -> u64 {
                u64::MAX
            }
        }
        let mut pauses = Pauses::new(Backoff::default());
        let longest = (0..20).map(|_| pauses.pause(&Highest)).max().unwrap();
        assert!(longest < Duration::from_secs(4), "{longest:?}");
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let message = |first, max| Backoff { first, max }.check().unwrap_err().message().to_owned();
        assert_eq!(message(Duration::ZERO, MS), "first is 0ns, it must be more than zero");
        assert_eq!(message(2 * MS, MS), "first is 2ms, it must be at most 1ms, which is max");
    }
}
