//! What may be spent, by a few worked cases, against a plain model, and from many threads.

mod model;
mod settings;

use std::time::Duration;

use tokio::time::Instant;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn budget(ratio: f64, per_second: u32, seconds: u64) -> Budget {
    Budget::new(Config { ratio, per_second, window: Duration::from_secs(seconds) }).unwrap()
}

/// Spends until there is nothing left.
fn spend_all(budget: &Budget, now: Instant) -> u64 {
    (0..).take_while(|_| budget.spend(now, 1)).count() as u64
}

#[test]
fn a_fifth_of_the_calls_may_be_repeated_and_a_hundred_besides() {
    let (budget, now) = (Budget::default(), Instant::now());
    for _ in 0..1_000 {
        budget.call(now);
    }
    let stats = budget.stats(now);
    assert_eq!((stats.calls, stats.spent, stats.left), (1_000, 0, 300));
    assert_eq!(spend_all(&budget, now), 300);
    let stats = budget.stats(now);
    assert_eq!((stats.spent, stats.left, stats.granted, stats.refused), (300, 0, 300, 1));
}

#[test]
fn calls_count_for_the_window_and_what_was_spent_for_a_second_longer() {
    let (budget, began) = (budget(1.0, 0, 10), Instant::now());
    budget.call(began);
    budget.call(began);
    assert!(budget.spend(began + 9 * SECOND, 1));
    assert_eq!(budget.stats(began + 10 * SECOND).calls, 0);
    budget.call(began + 15 * SECOND);
    assert!(!budget.spend(began + 19 * SECOND, 1), "the call of 15 s is what was spent at 9 s");
    assert!(budget.spend(began + 20 * SECOND, 1));
}

#[test]
fn a_client_without_calls_spends_no_more_than_so_many_a_second() {
    let (budget, began) = (Budget::default(), Instant::now());
    let spent: u64 = (0..6_000).map(|n| spend_all(&budget, began + n * SECOND / 100)).sum();
    // As much as ten a second, over any minute.
    assert!(spent <= 600, "{spent}");
    assert!(spent >= 500, "{spent}");
}

#[test]
fn what_costs_two_needs_two() {
    let (budget, now) = (budget(0.0, 3, 1), Instant::now());
    assert!(budget.spend(now, 2));
    assert!(!budget.spend(now, 2));
    assert!(budget.spend(now, 1));
    let stats = budget.stats(now);
    assert_eq!((stats.spent, stats.granted, stats.refused), (3, 2, 1));
}

#[test]
fn a_budget_of_nothing_allows_nothing() {
    let (budget, now) = (budget(0.0, 0, 10), Instant::now());
    for _ in 0..1_000 {
        budget.call(now);
    }
    assert!(!budget.spend(now, 1));
}

#[test]
fn a_stale_reading_of_the_clock_spends_nothing_twice() {
    let (budget, began) = (budget(0.0, 1, 1), Instant::now());
    assert!(budget.spend(began + 5 * SECOND, 1));
    assert!(!budget.spend(began, 1), "its own time has long been spent");
    assert!(budget.spend(began + 7 * SECOND, 1));
}

#[test]
fn of_many_threads_that_ask_for_the_last_one_one_gets_it() {
    for _ in 0..50 {
        let (budget, now) = (budget(0.0, 3, 1), Instant::now());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let budget = budget.clone();
                std::thread::spawn(move || spend_all(&budget, now))
            })
            .collect();
        let granted: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!((granted, budget.stats(now).spent), (3, 3));
    }
}

#[test]
fn no_call_is_lost_between_threads() {
    let (budget, now) = (Budget::default(), Instant::now());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let budget = budget.clone();
            std::thread::spawn(move || (0..1_000).for_each(|_| budget.call(now)))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(budget.stats(now).calls, 4_000);
}
