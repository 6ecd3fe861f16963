use std::time::Duration;

use tokio::time::Instant;

/// `by` after `now`; where time ends before that, thirty years on, which no process lives to see.
pub(crate) fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by).unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 86_400))
}
