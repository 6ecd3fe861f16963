//! One time for all processes of a run.

use std::time::Duration;

use kit::sources::{SystemClock, WallClock as _};
use tokio::time::Instant;

/// Nanoseconds since 1970: by the wall clock, read once, and from there on by the monotonic one.
///
/// So the times of different processes on one machine can be compared, to within what the wall clock was stepped between their starts,
/// and a step while a process runs moves none of its times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: u64,
    begun: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since = SystemClock.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { wall: nanos(since), begun: Instant::now() }
    }

    pub(crate) fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    pub(crate) fn at(&self, instant: Instant) -> u64 {
        self.wall + nanos(instant.saturating_duration_since(self.begun))
    }
}

/// All of them, up to the 584 years that fit.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_by_the_monotonic_clock() {
        let clock = Clock::start();
        let before = clock.now();
        tokio::time::advance(Duration::from_millis(3)).await;
        assert_eq!(clock.now() - before, 3_000_000);
        assert!(before > 1_700_000_000_000_000_000, "{before}");
    }
}
