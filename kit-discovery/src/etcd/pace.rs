use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How often lists are asked for in the long run.
const EVERY: Duration = Duration::from_secs(1);

/// Two in a burst, then one a second: a server whose watches end as soon as they begin is not flooded with lists.
///
/// # Source
/// The generic cell rate algorithm, as of ATM.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the next one would come if each had kept its distance.
    due: Option<Instant>,
}

impl Pace {
    /// Waits for the next turn, and takes it.
    pub(super) async fn turn(&mut self) {
        if let Some(due) = self.due
            && let Some(until) = due.checked_sub(EVERY)
        {
            sleep_until(until).await;
        }
        let now = Instant::now();
        self.due = Some(self.due.map_or(now, |due| due.max(now)) + EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_in_a_burst_then_one_a_second() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let mut turns = Vec::new();
        for _ in 0..5 {
            pace.turn().await;
            turns.push(start.elapsed().as_secs());
        }
        assert_eq!(turns, [0, 0, 1, 2, 3]);
        tokio::time::advance(60 * EVERY).await;
        let start = Instant::now();
        pace.turn().await;
        pace.turn().await;
        assert!(start.elapsed().is_zero());
    }
}
