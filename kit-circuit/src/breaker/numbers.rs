use std::sync::atomic::{AtomicU64, Ordering};

use crate::shards::Shards;

/// Counts the calls that a closed breaker hears of, and numbers them from 1 in the order of their ends.
///
/// Every call writes here, each thread mostly on a line of its own. Of calls that end at the same instant on two threads the numbers may
/// then be the same; where a number has to be a call's own, all are counted in one place.
#[derive(Debug, Default)]
pub(super) struct Numbers(Shards<AtomicU64>);

/// A call that was counted.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    numbers: &'a Numbers,
    shard: &'a AtomicU64,
    in_shard: u64,
}

impl Numbers {
    #[inline]
    pub(super) fn count(&self, own: bool) -> Numbered<'_> {
        let shard = if own { self.0.first() } else { self.0.mine() };
        let in_shard = shard.fetch_add(1, Ordering::Relaxed) + 1;
        Numbered { numbers: self, shard, in_shard }
    }

    /// How many there were.
    pub(super) fn last(&self) -> u64 {
        self.0.iter().map(|shard| shard.load(Ordering::Acquire)).sum()
    }
}

impl Numbered<'_> {
    /// Its number.
    pub(super) fn number(self) -> u64 {
        let others = self.numbers.0.iter().filter(|shard| !std::ptr::eq(*shard, self.shard));
        self.in_shard + others.map(|shard| shard.load(Ordering::Acquire)).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_one_another_whichever_thread_counts_and_wherever() {
        let numbers = Numbers::default();
        let next = |own| numbers.count(own).number();
        assert_eq!((next(false), next(true), next(false)), (1, 2, 3));
        let number = std::thread::scope(|scope| scope.spawn(|| next(false)).join().unwrap());
        assert_eq!((number, next(true), numbers.last()), (4, 5, 5));
    }

    #[test]
    fn numbers_of_ones_own_are_given_once_however_many_ask() {
        let numbers = Numbers::default();
        let some = || (0..1_000).map(|_| numbers.count(true).number()).collect::<Vec<_>>();
        let mut all = std::thread::scope(|scope| {
            let threads = [(); 3].map(|()| scope.spawn(some));
            threads.map(|thread| thread.join().unwrap()).concat()
        });
        all.sort_unstable();
        assert!(all.into_iter().eq(1..=3_000));
    }
}
