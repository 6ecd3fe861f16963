//! The answers that are kept, oldest first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::Config;

/// Answers by key. Each is there until its time or until there is no room, and goes in the order it came.
#[derive(Debug)]
pub(super) struct Table<K, A>(Mutex<Kept<K, A>>);

#[derive(Debug)]
struct Kept<K, A> {
    answers: HashMap<K, Answer<A>>,
    /// Each answer's key and number, oldest first; one whose number is not the answer's is of an answer gone before.
    order: VecDeque<(u64, K)>,
    next: u64,
    evicted: u64,
}

#[derive(Debug)]
struct Answer<A> {
    number: u64,
    until: Option<Instant>,
    answer: A,
}

impl<K: Hash + Eq + Clone, A: Clone> Table<K, A> {
    pub(super) fn find(&self, key: &K, now: Instant) -> Option<A> {
        let kept = self.lock();
        let found = kept.answers.get(key).filter(|answer| answer.lasts(now))?;
        Some(found.answer.clone())
    }

    /// Keeps an answer from `now` on, and lets those go whose time is up or that have no room.
    pub(super) fn keep(&self, key: K, answer: A, now: Instant, config: &Config) {
        // Dropped outside the lock: answers are of any type.
        let mut gone = Vec::new();
        let mut kept = self.lock();
        let number = kept.next;
        kept.next += 1;
        // A time past the end of time has no end.
        let until = now.checked_add(config.ttl);
        gone.extend(kept.answers.insert(key.clone(), Answer { number, until, answer }));
        kept.order.push_back((number, key));
        loop {
            let over = kept.oldest_is_over(now);
            if !over && kept.answers.len() <= config.max_entries {
                break;
            }
            kept.evicted += u64::from(!over);
            gone.extend(kept.drop_oldest());
        }
        drop(kept);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().answers.len()
    }

    /// How many had to make room before their time.
    pub(super) fn evicted(&self) -> u64 {
        self.lock().evicted
    }
}

impl<K: Hash + Eq, A> Table<K, A> {
    fn lock(&self) -> MutexGuard<'_, Kept<K, A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, A> Kept<K, A> {
    fn oldest_is_over(&self, now: Instant) -> bool {
        self.order.front().is_some_and(|(number, key)| {
            self.answers.get(key).is_none_or(|answer| answer.number != *number || !answer.lasts(now))
        })
    }

    fn drop_oldest(&mut self) -> Option<Answer<A>> {
        let (number, key) = self.order.pop_front()?;
        if self.answers.get(&key)?.number == number { self.answers.remove(&key) } else { None }
    }
}

impl<A> Answer<A> {
    fn lasts(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl<K, A> Default for Table<K, A> {
    fn default() -> Self {
        Self(Mutex::new(Kept { answers: HashMap::new(), order: VecDeque::new(), next: 0, evicted: 0 }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn config(max_entries: usize) -> Config {
        Config { ttl: 10 * SECOND, max_entries, ..Config::default() }
    }

    #[test]
    fn an_answer_is_there_until_its_time_and_leaves_nothing_behind() {
        let (table, now) = (Table::default(), Instant::now());
        for n in 0..100 {
            table.keep(n, n, now + n * SECOND, &config(1_000));
        }
        assert_eq!((table.find(&90, now + 99 * SECOND), table.find(&89, now + 99 * SECOND)), (Some(90), None));
        assert_eq!((table.len(), table.evicted()), (10, 0));
        assert_eq!(table.lock().order.len(), 10);
    }

    #[test]
    fn when_there_is_no_room_the_oldest_goes() {
        let (table, now) = (Table::default(), Instant::now());
        for n in 0..5 {
            table.keep(n, n, now, &config(3));
        }
        assert_eq!([0, 1, 2, 3, 4].map(|n| table.find(&n, now).is_some()), [false, false, true, true, true]);
        assert_eq!((table.len(), table.evicted()), (3, 2));
        assert_eq!(table.lock().order.len(), 3);
    }

    #[test]
    fn a_key_that_is_kept_again_is_as_old_as_its_new_answer() {
        let (table, now) = (Table::default(), Instant::now());
        for (key, answer) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            table.keep(key, answer, now, &config(2));
        }
        assert_eq!(["a", "b", "c"].map(|key| table.find(&key, now)), [Some(3), None, Some(4)]);
    }

    #[test]
    fn a_key_that_comes_again_and_again_does_not_fill_the_order() {
        let (table, now) = (Table::default(), Instant::now());
        for n in 0..1_000 {
            table.keep("a", n, now, &config(3));
        }
        assert_eq!((table.len(), table.evicted()), (1, 0));
        assert_eq!(table.lock().order.len(), 1);
    }
}
