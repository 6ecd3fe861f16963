//! Calls that go out in copies, of which the first answer counts: how what is inside tells a copy that lost from a call that was given up.
//!
//! Both are dropped. A call that its caller gave up says something of who was called, if it had become slow, or its deadline had passed; a
//! copy that lost says nothing, since it was given up because another was quicker, and would have been dropped however it did.

use std::cell::Cell;

thread_local! {
    static LOST: Cell<bool> = const { Cell::new(false) };
}

/// Drops what lost: for who sends a call in copies, and has an answer. All that `drop` drops is told by [`has_lost`].
///
/// ```
/// use kit_core::copies;
///
/// struct Guard;
///
/// impl Drop for Guard {
///     fn drop(&mut self) {
///         assert!(copies::has_lost());
///     }
/// }
///
/// copies::lose(|| drop(Guard));
/// assert!(!copies::has_lost());
/// ```
pub fn lose(drop: impl FnOnce()) {
    // Put back in a panic too.
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            LOST.set(self.0);
        }
    }

    let _restore = Restore(LOST.replace(true));
    drop();
}

/// Whether what is being dropped on this thread now is a copy of a call that [lost](lose): its end belongs in no statistic of who was
/// called. For guards, which ask it in their `drop`.
///
/// What a copy had spawned is dropped by its own task, later, and is not known by this.
pub fn has_lost() -> bool {
    LOST.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_dropped_after_a_panic_has_not_lost() {
        let lost = std::panic::catch_unwind(|| lose(|| std::panic::resume_unwind(Box::new(has_lost())))).unwrap_err();
        assert_eq!((lost.downcast_ref::<bool>(), has_lost()), (Some(&true), false));
    }

    #[test]
    fn one_race_within_another_ends_before_it() {
        lose(|| {
            lose(|| assert!(has_lost()));
            assert!(has_lost());
        });
        assert!(!has_lost());
    }
}
