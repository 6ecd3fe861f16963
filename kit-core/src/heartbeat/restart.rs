use std::time::Duration;

use crate::error::Error;
use crate::sources::Random;

/// When a [`Steward`](super::Steward) restarts its ward, and how fast.
///
/// The pauses are drawn from `[half, whole)` of a length that doubles from `pause` to `max_pause`, so that many wards that
/// failed together do not return together. A ward that lasted as long as `max_pause` is taken for sound: the next pause is a
/// first one again.
///
/// # Source
/// Go kit, `util/conn/manager.go`: from one second, doubled, jittered, at most one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// How long a ward may be silent. Default 10 s: ten of the usual pulses of one second.
    pub silence: Duration,
    /// How long its first pulse may take. Default 30 s: it may have to connect first.
    pub first_pulse: Duration,
    /// Length of the first pause. Default 1 s: below it a ward that fails at once keeps a core busy.
    pub pause: Duration,
    /// Length of the longest pause. Default 1 min: how late a ward notices, at worst, that what it needs is back.
    pub max_pause: Duration,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(10),
            first_pulse: Duration::from_secs(30),
            pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(60),
        }
    }
}

impl Restart {
    pub(super) fn check(&self) -> Result<(), Error> {
        for (name, value) in [
            ("silence", self.silence),
            ("first_pulse", self.first_pulse),
            ("pause", self.pause),
            ("max_pause", self.max_pause),
        ] {
            if value.is_zero() {
                return Err(Error::invalid_argument(format!("{name} of a steward is zero")));
            }
        }
        if self.pause > self.max_pause {
            return Err(Error::invalid_argument("pause of a steward is longer than its max_pause"));
        }
        Ok(())
    }
}

/// The pauses of one steward, in their order.
#[derive(Debug)]
pub(super) struct Pauses {
    restart: Restart,
    next: Duration,
}

impl Pauses {
    pub(super) fn new(restart: Restart) -> Self {
        Self { restart, next: restart.pause }
    }

    /// The pause after a ward that lasted so long.
    pub(super) fn after(&mut self, lasted: Duration, random: &dyn Random) -> Duration {
        if lasted >= self.restart.max_pause {
            self.next = self.restart.pause;
        }
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.restart.max_pause);
        whole / 2 + random.jitter(whole / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::SeededRandom;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_to_the_longest_and_a_sound_ward_starts_them_over() {
        let random = SeededRandom::new(1);
        let mut pauses = Pauses::new(Restart::default());
        for whole in [1, 2, 4, 8, 16, 32, 60, 60].map(|n| n * S) {
            let pause = pauses.after(59 * S, &random);
            assert!(pause >= whole / 2 && pause < whole, "{pause:?} of {whole:?}");
        }
        assert!(pauses.after(60 * S, &random) < S);
        assert!(pauses.after(S, &random) >= S);
    }

    #[test]
    fn a_setting_that_cannot_work_is_refused_by_name() {
        let refused = |restart: Restart| restart.check().unwrap_err().message().to_owned();
        let usual = Restart::default();
        usual.check().unwrap();
        assert!(refused(Restart { silence: Duration::ZERO, ..usual }).contains("silence"));
        assert!(refused(Restart { first_pulse: Duration::ZERO, ..usual }).contains("first_pulse"));
        assert!(refused(Restart { pause: Duration::ZERO, ..usual }).contains("pause"));
        assert!(refused(Restart { max_pause: S / 2, ..usual }).contains("max_pause"));
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
            seed: u64,
            pause in 1u64..10_000,
            more in 0u64..100_000,
            lasted in proptest::collection::vec(0u64..200_000, 1..40),
        ) {
            let ms = Duration::from_millis;
            let restart = Restart { pause: ms(pause), max_pause: ms(pause + more), ..Restart::default() };
            let mut pauses = Pauses::new(restart);
            let random = SeededRandom::new(seed);
            for lasted in lasted {
                let drawn = pauses.after(ms(lasted), &random);
                prop_assert!(drawn >= restart.pause / 2 && drawn <= restart.max_pause, "{:?}", drawn);
            }
        }
    }
}
