use std::time::Duration;

use kit_core::sources::Random;

use super::strategy::nanos;
use super::{OpenTime, Reason};

/// What is noted with every change of state, under the switch's lock. Times are nanoseconds since the breaker was made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Book {
    /// Why it last opened.
    pub(super) reason: Option<Reason>,
    /// How often it has opened without staying closed for long.
    row: u32,
    /// How long it was last open.
    open_for: u64,
    closed_at: u64,
}

impl Book {
    /// It opens at `now`: until when.
    pub(super) fn open(
        &mut self,
        now: u64,
        from_closed: bool,
        why: (Reason, Option<Duration>),
        time: OpenTime,
        random: &dyn Random,
    ) -> u64 {
        let (reason, told) = why;
        if from_closed && now.saturating_sub(self.closed_at) >= self.open_for {
            self.row = 0;
        }
        let told = told.zip(time.told).map(|(told, most)| told.min(most)).filter(|told| !told.is_zero());
        let base = told.unwrap_or_else(|| nth(time, self.row)).as_secs_f64();
        let length = Duration::try_from_secs_f64(base * (1.0 + time.jitter * random.unit())).unwrap_or(Duration::MAX);
        self.row = self.row.saturating_add(1);
        self.reason = Some(reason);
        self.open_for = nanos(length);
        now.saturating_add(self.open_for)
    }

    pub(super) fn close(&mut self, now: u64) {
        self.closed_at = now;
    }

    /// As if it had never opened.
    pub(super) fn forget(&mut self, now: u64) {
        *self = Self { closed_at: now, reason: self.reason, ..Self::default() };
    }
}

/// The open time after `row` others.
fn nth(time: OpenTime, row: u32) -> Duration {
    let grown = time.first.as_secs_f64() * time.factor.powi(i32::try_from(row).unwrap_or(i32::MAX));
    // Past the end of durations, or of floats, it is the longest.
    Duration::try_from_secs_f64(grown).map_or(time.max, |grown| grown.min(time.max))
}
