//! What a thread knows of windows: in which bucket of each it counted last, and from when to when that is.
//!
//! Two readings of the clock are compared at once, and subtracted slowly: to work out the bucket of a time costs more than all else that
//! a good call pays a breaker. Most calls end in the bucket of the call before them.

use std::cell::Cell;

use tokio::time::Instant;

/// Windows that a thread remembers; two that share a place forget one another, and work their buckets out.
const PLACES: usize = 16;

#[derive(Clone, Copy)]
struct Lately {
    window: u64,
    tag: u64,
    from: Instant,
    until: Instant,
}

thread_local! {
    static LATELY: [Cell<Option<Lately>>; PLACES] = const { [const { Cell::new(None) }; PLACES] };
}

/// The tag of this window's bucket at this time, if the thread knows it.
#[inline]
pub(super) fn tag(window: u64, at: Instant) -> Option<u64> {
    let known = LATELY.with(|lately| lately[place(window)].get())?;
    (known.window == window && at >= known.from && at < known.until).then_some(known.tag)
}

/// The window's bucket from here to there has this tag.
pub(super) fn learn(window: u64, tag: u64, from: Instant, until: Instant) {
    LATELY.with(|lately| lately[place(window)].set(Some(Lately { window, tag, from, until })));
}

#[inline]
fn place(window: u64) -> usize {
    window as usize % PLACES
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_is_known_from_its_beginning_to_its_end_and_to_its_own_window() {
        let (now, second, nano) = (Instant::now(), Duration::from_secs(1), Duration::from_nanos(1));
        let (mine, other) = (u64::MAX, u64::MAX - PLACES as u64);
        learn(mine, 7, now, now + second);
        let known = [now - nano, now, now + second - nano, now + second].map(|at| tag(mine, at));
        assert_eq!(known, [None, Some(7), Some(7), None]);
        assert_eq!(tag(other, now), None);
        learn(other, 8, now, now + second);
        assert_eq!((tag(mine, now), tag(other, now)), (None, Some(8)));
        assert_eq!(std::thread::spawn(move || tag(other, now)).join().unwrap(), None);
    }
}
