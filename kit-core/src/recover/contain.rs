use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::count_bug;
use crate::observer::Observer;

/// Runs what a user gave, where a panic is to end nothing: `None` then, and one more in [`bugs`](crate::error::bugs).
///
/// Unlike in [`catch`](super::catch) there is no error in whose log line the panic would stand, so the process's panic hook tells of it.
///
/// ```
/// use kit_core::recover::contain;
///
/// assert_eq!(contain(|| 1 + 1), Some(2));
/// assert_eq!(contain(|| -> u32 { panic!("no such row") }), None);
/// ```
pub fn contain<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).inspect_err(|_| count_bug()).ok()
}

/// Tells another observer, whose panics end nothing: see [`contain`]. For who tells from a task, or a drop, on which others depend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contained<O>(pub O);

impl<Event: ?Sized, O: Observer<Event>> Observer<Event> for Contained<O> {
    fn observe(&self, event: &Event) {
        contain(|| self.0.observe(event));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::error::bugs;

    #[test]
    fn what_panics_is_a_bug_each_time_and_others_hear_all_the_same() {
        let (heard, before) = (AtomicU32::new(0), bugs());
        let panics = |_: &u32| std::panic::resume_unwind(Box::new("on purpose"));
        let hears = |n: &u32| {
            heard.fetch_add(*n, Ordering::Relaxed);
        };
        let observer = (Contained(panics), hears);
        observer.observe(&1);
        observer.observe(&2);
        assert_eq!(heard.load(Ordering::Relaxed), 3);
        assert!(bugs() >= before + 2);
    }
}
