use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::load::Load;
use crate::ejection::Record;

/// Set beside the time of one that does not pass its checks: then that time is to come for ever.
const FAILS: u64 = 1 << 63;

/// What a roster knows of one instance, kept as long as the instance is in the set.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    load: Load,
    record: Record,
    /// From when it may be called; while that is to come, it is out.
    since: AtomicU64,
    /// Told when the last call of one that is leaving has ended.
    drained: Notify,
}

impl Vitals {
    /// From when it may be called, if its checks are left aside.
    pub(crate) fn since(&self) -> u64 {
        self.since.load(Ordering::Relaxed) & !FAILS
    }

    pub(crate) fn set_since(&self, at: u64) {
        self.change(|fails, _| fails | at.min(FAILS - 1));
    }

    /// It does not pass its checks.
    pub(crate) fn fail(&self) {
        self.since.fetch_or(FAILS, Ordering::Relaxed);
    }

    /// It passes its checks again: in from `now` on, also if it was ejected.
    pub(crate) fn pass(&self, now: u64) {
        self.since.store(now.min(FAILS - 1), Ordering::Relaxed);
    }

    /// As good as new: in from `now` on, unless it is ejected for longer.
    pub(crate) fn renew(&self, now: u64) {
        self.change(|fails, since| fails | since.max(now));
    }

    /// Whether it does not pass its checks.
    pub(crate) fn fails(&self) -> bool {
        self.since.load(Ordering::Relaxed) & FAILS != 0
    }

    /// Whether it is ejected, whatever its checks say.
    pub(crate) fn is_ejected(&self, now: u64) -> bool {
        now < self.since()
    }

    /// Whether it is out, for either reason; `now` is asked for only where that matters.
    #[inline]
    pub(crate) fn is_out(&self, now: impl FnOnce() -> u64) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        since > 0 && now() < since
    }

    /// Whether it is in, and has been since the first set.
    #[inline]
    pub(crate) fn was_never_out(&self) -> bool {
        self.since.load(Ordering::Relaxed) == 0
    }

    /// Counts a call in; false if it may not begin, since the instance is leaving.
    #[inline]
    pub(crate) fn begin(&self) -> bool {
        let begins = self.load.begin();
        if !begins {
            self.release();
        }
        begins
    }

    #[inline]
    pub(crate) fn release(&self) {
        if self.load.release() {
            self.drained.notify_one();
        }
    }

    /// Waits until no call is in flight at one that is leaving.
    pub(crate) async fn drained(&self) {
        while self.load.in_flight() > 0 {
            self.drained.notified().await;
        }
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// `to` is told whether it fails, and since when it is in.
    fn change(&self, to: impl Fn(u64, u64) -> u64) {
        let change = |seen| Some(to(seen & FAILS, seen & !FAILS));
        let _ = self.since.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_checks_say_and_how_long_an_ejection_lasts_do_not_touch_each_other() {
        let vitals = Vitals::default();
        vitals.fail();
        assert!(vitals.is_out(|| u64::MAX >> 1) && vitals.fails() && !vitals.is_ejected(0));
        vitals.set_since(u64::MAX);
        assert!(vitals.fails() && vitals.is_ejected(5));
        vitals.set_since(100);
        assert_eq!((vitals.since(), vitals.fails()), (100, true));
        vitals.renew(150);
        assert_eq!((vitals.since(), vitals.fails()), (150, true));
        vitals.pass(120);
        assert_eq!((vitals.since(), vitals.fails()), (120, false));
        assert!(vitals.is_out(|| 119) && !vitals.is_out(|| 120));
    }

    #[tokio::test]
    async fn no_call_begins_at_one_that_is_leaving_and_its_last_call_is_told() {
        use futures_util::FutureExt as _;
        let vitals = Vitals::default();
        assert!(vitals.begin() && vitals.begin());
        vitals.load().leave();
        assert!(!vitals.begin());
        assert_eq!(vitals.load().in_flight(), 2);
        let mut drained = Box::pin(vitals.drained());
        assert!(drained.as_mut().now_or_never().is_none());
        vitals.release();
        assert!(drained.as_mut().now_or_never().is_none());
        vitals.release();
        drained.await;
        vitals.load().stay();
        assert!(vitals.begin());
        assert_eq!(vitals.load().in_flight(), 1);
    }
}
