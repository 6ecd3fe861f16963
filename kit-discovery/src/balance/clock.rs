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

    #[inline]
    pub(crate) fn at(&self, now: Instant) -> u64 {
        self.offset.saturating_add(nanos(now.saturating_duration_since(self.epoch)))
    }

    pub(crate) fn instant(&self, at: u64) -> Option<Instant> {
        self.epoch.checked_add(Duration::from_nanos(at.checked_sub(self.offset)?))
    }
}

/// In 64 bits, which last for five hundred years: the conversion of `Duration` goes by 128.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}
