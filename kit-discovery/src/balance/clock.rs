use std::time::Duration;

use tokio::time::Instant;

/// Times of one roster in nanoseconds, for atomics. It begins at the length of the slow start, so that what is in since 0 has long
/// been in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: Instant,
    offset: u64,
}

impl Clock {
    pub(crate) fn new(epoch: Instant, offset: Duration) -> Self {
        Self { epoch, offset: nanos(offset) }
    }

    pub(crate) fn at(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.epoch);
        // In 64 bits, which last for five hundred years: the conversion of `Duration` goes by 128.
        self.offset + elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos())
    }

    pub(crate) fn instant(&self, at: u64) -> Option<Instant> {
        self.epoch.checked_add(Duration::from_nanos(at.checked_sub(self.offset)?))
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
