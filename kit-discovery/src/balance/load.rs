use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The share of the decay after which what is known of an instance that nobody calls is too old.
const STALE: f64 = 0.5;

/// Set beside the calls in flight of one that is to get no more: in the same word, so that no call can begin unseen after the last
/// look at it.
const LEAVING: u32 = 1 << 31;

/// What one instance has to do, and how it does: calls in flight, and peak averages of latency and failures. No lock: every end
/// decays by the time that it alone has taken from the stamp.
///
/// # Source
/// Finagle's `PeakEwma`: a latency above the average replaces it, one below moves it.
#[derive(Debug, Default)]
pub(crate) struct Load {
    in_flight: AtomicU32,
    stamp: AtomicU64,
    /// Bits of an `f64` in nanoseconds; zero as long as nothing is known.
    latency: AtomicU64,
    /// Bits of an `f64` in `[0.0, 1.0]`.
    failing: AtomicU64,
}

/// How it does at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Nanoseconds, if anything is known.
    pub(crate) latency: Option<f64>,
    /// Share of failures in `[0.0, 1.0]`.
    pub(crate) failing: f64,
    /// No call has ended for so long that it is too old to choose by.
    pub(crate) stale: bool,
}

/// What an end says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Worked,
    Failed,
    /// Abandoned: it would have taken at least so long.
    Left,
}

impl Load {
    /// Counts a call in; whether it may begin. It is released either way.
    #[inline]
    pub(crate) fn begin(&self) -> bool {
        // Who is told that it left reads a set without it.
        self.in_flight.fetch_add(1, Ordering::Acquire) & LEAVING == 0
    }

    /// Whether that was the last call of one that is leaving.
    #[inline]
    pub(crate) fn release(&self) -> bool {
        // What the call did to its channel comes before the channel's end.
        self.in_flight.fetch_sub(1, Ordering::Release) == LEAVING + 1
    }

    /// No call begins after this, until it [stays](Self::stay).
    pub(crate) fn leave(&self) {
        self.in_flight.fetch_or(LEAVING, Ordering::Release);
    }

    pub(crate) fn stay(&self) {
        self.in_flight.fetch_and(!LEAVING, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire) & !LEAVING
    }

    /// A call has ended at `now` after `took`; what was known halves in about two thirds of `decay`, and what was known before
    /// `since` is forgotten. All in nanoseconds.
    pub(crate) fn end(&self, end: End, now: u64, took: u64, since: u64, decay: f64) {
        let took = (took as f64).max(1.0);
        let Reading { latency: known, stale, .. } = self.read(now, since, decay);
        // What was abandoned before anything is known may have been abandoned at once.
        if end == End::Left && known.is_none_or(|known| took <= known) {
            return;
        }
        let last = self.stamp.fetch_max(now, Ordering::Relaxed);
        // What is too old to choose by says nothing beside what just happened.
        let kept = if known.is_some() && !stale { kept(now.saturating_sub(last), decay) } else { 0.0 };
        update(&self.latency, |known| match end {
            // A quick failure is no quick answer.
            _ if took >= known => took,
            End::Worked => known * kept + took * (1.0 - kept),
            End::Failed | End::Left => (known * kept).max(took),
        });
        let failed = if end == End::Failed { 1.0 } else { 0.0 };
        // Nearly always: none has failed for long.
        if failed > 0.0 || self.failing.load(Ordering::Relaxed) != 0 {
            update(&self.failing, |known| known * kept + failed * (1.0 - kept));
        }
    }

    /// What is known fades with time, so that one that did badly is tried again. Of one that was out until `since`, nothing is known
    /// from before.
    #[inline]
    pub(crate) fn read(&self, now: u64, since: u64, decay: f64) -> Reading {
        let latency = f64::from_bits(self.latency.load(Ordering::Relaxed));
        let stamp = self.stamp.load(Ordering::Relaxed);
        if latency == 0.0 || (stamp < since && since <= now) {
            return Reading::default();
        }
        let age = now.saturating_sub(stamp);
        let kept = kept(age, decay);
        let failing = f64::from_bits(self.failing.load(Ordering::Relaxed));
        Reading { latency: Some(latency * kept), failing: failing * kept, stale: age as f64 >= decay * STALE }
    }
}

#[inline]
fn kept(elapsed: u64, decay: f64) -> f64 {
    let ages = elapsed as f64 / decay;
    // Nearly always: the calls of a busy instance are close together.
    if ages < 1e-3 { 1.0 - ages } else { (-ages).exp() }
}

fn update(bits: &AtomicU64, change: impl Fn(f64) -> f64) {
    let _ =
        bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seen| Some(change(f64::from_bits(seen)).to_bits()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const DECAY: f64 = 10e9;

    fn millis(load: &Load, now: u64) -> f64 {
        load.read(now, 0, DECAY).latency.unwrap() / 1e6
    }

    #[test]
    fn a_peak_is_believed_at_once_and_fades() {
        let load = Load::default();
        assert!(load.read(SECOND, 0, DECAY).latency.is_none());
        load.end(End::Worked, SECOND, 10_000_000, 0, DECAY);
        load.end(End::Worked, 2 * SECOND, 500_000_000, 0, DECAY);
        assert_eq!(millis(&load, 2 * SECOND), 500.0);
        let faded = millis(&load, 12 * SECOND);
        assert!((faded - 500.0 / std::f64::consts::E).abs() < 0.1, "{faded}");
        load.end(End::Worked, 6 * SECOND, 10_000_000, 0, DECAY);
        let moved = millis(&load, 6 * SECOND);
        assert!((338.0..339.0).contains(&moved), "{moved}");
    }

    #[test]
    fn what_is_older_than_half_the_decay_says_nothing_beside_a_new_answer() {
        let load = Load::default();
        load.end(End::Failed, SECOND, 500_000_000, 0, DECAY);
        let stale = |now| load.read(now, 0, DECAY).stale;
        assert_eq!((stale(SECOND), stale(6 * SECOND - 1), stale(6 * SECOND)), (false, false, true));
        load.end(End::Worked, 6 * SECOND, 10_000_000, 0, DECAY);
        assert_eq!((millis(&load, 6 * SECOND), load.read(6 * SECOND, 0, DECAY).failing), (10.0, 0.0));
        assert!(!stale(6 * SECOND));
    }

    #[test]
    fn a_quick_failure_is_no_quick_answer() {
        let load = Load::default();
        load.end(End::Worked, SECOND, 10_000_000, 0, DECAY);
        for n in 1..=100 {
            load.end(End::Failed, SECOND + n * 100_000_000, 1_000, 0, DECAY);
        }
        let reading = load.read(11 * SECOND, 0, DECAY);
        assert!((reading.failing - 0.632).abs() < 0.01, "{reading:?}");
        assert!(reading.latency.unwrap() > 3_000_000.0, "{reading:?}");
    }

    #[test]
    fn one_that_was_out_is_as_unknown_as_a_new_one() {
        let load = Load::default();
        load.end(End::Failed, SECOND, 500_000_000, 0, DECAY);
        let known = |now, since| load.read(now, since, DECAY).latency.is_some();
        assert!(known(2 * SECOND, 5 * SECOND), "while it is out");
        assert!(!known(5 * SECOND, 5 * SECOND));
        load.end(End::Worked, 6 * SECOND, 10_000_000, 5 * SECOND, DECAY);
        let reading = load.read(6 * SECOND, 5 * SECOND, DECAY);
        assert_eq!((reading.latency, reading.failing), (Some(10e6), 0.0));
    }

    #[test]
    fn what_was_abandoned_counts_only_if_it_was_slow() {
        let load = Load::default();
        load.end(End::Worked, SECOND, 10_000_000, 0, DECAY);
        load.end(End::Left, SECOND, 5_000_000, 0, DECAY);
        assert_eq!(millis(&load, SECOND), 10.0);
        load.end(End::Left, SECOND, 50_000_000, 0, DECAY);
        assert_eq!((millis(&load, SECOND), load.read(SECOND, 0, DECAY).failing), (50.0, 0.0));
    }
}
