use std::time::Duration;

use tokio::time::Instant;

/// How often one trouble is told.
const EVERY: Duration = Duration::from_secs(60);

/// One kind of trouble, told at most once a minute however often it comes and goes.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    told: Option<Instant>,
    untold: u64,
}

impl Trouble {
    /// Whether it is to be told at `now`: with how many were not told since the last time.
    pub(crate) fn tell(&mut self, now: Instant) -> Option<u64> {
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < EVERY) {
            self.untold += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }

    /// Whether it was told at `since` or later.
    pub(crate) fn told_since(&self, since: Instant) -> bool {
        self.told.is_some_and(|told| told >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_minute_is_told_with_the_number_of_the_others() {
        let start = Instant::now();
        let mut trouble = Trouble::default();
        let told: Vec<_> =
            (0..=130).filter_map(|s| trouble.tell(start + Duration::from_secs(s)).map(|untold| (s, untold))).collect();
        assert_eq!(told, [(0, 0), (60, 59), (120, 59)]);
        assert!(trouble.told_since(start + Duration::from_secs(120)));
        assert!(!trouble.told_since(start + Duration::from_secs(121)));
    }
}
