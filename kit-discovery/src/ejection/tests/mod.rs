//! What takes an instance out, and for how long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Context, Instance, Outcome};
use tokio::time::{Instant, advance};

use super::*;
use crate::balance::{self, Balancer, Candidates, Roster, RoundRobin, Standing};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Picks this one, in or out.
struct At(usize);

impl Balancer for At {
    fn pick(&self, _cx: &Context, _set: &Candidates) -> Option<usize> {
        Some(self.0)
    }
}

struct Set {
    roster: Roster,
    heard: Arc<Mutex<Vec<Event>>>,
}

impl Set {
    fn of(count: usize) -> Self {
        Self::with(count, Config::default())
    }

    fn with(count: usize, ejection: Config) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let config = balance::Config { ejection, slow_start: Duration::ZERO, ..Default::default() };
        let events = Arc::clone(&heard);
        let roster = Roster::new(config)
            .unwrap()
            .with_random(Arc::new(SeededRandom::new(5)))
            .with_observer(move |event: &Event| events.lock().unwrap().push(event.clone()));
        let set = Self { roster, heard };
        set.resize(count);
        set
    }

    fn resize(&self, count: usize) {
        let instance = |n| (Arc::new(Instance::new(format!("h{n}:80"))), ());
        self.roster.replace(Ok((0..count).map(instance).collect()));
    }

    fn call(&self, at: usize, outcome: Outcome) {
        let pick = self.roster.pick(&mut Context::new(), &At(at)).unwrap();
        pick.end(outcome, Instant::now());
    }

    fn fail(&self, at: usize, times: usize) {
        for _ in 0..times {
            self.call(at, Outcome::TimedOut);
        }
    }

    /// For how much longer it is out.
    fn out_for(&self, at: usize) -> Duration {
        match self.roster.candidates()[at].standing(Instant::now()) {
            Standing::Ejected { until: Some(until), .. } => until - Instant::now(),
            standing => {
                assert_eq!(standing, Standing::In);
                Duration::ZERO
            }
        }
    }

    fn out(&self) -> Vec<usize> {
        (0..self.roster.candidates().len()).filter(|&at| !self.out_for(at).is_zero()).collect()
    }

    fn causes(&self) -> Vec<Cause> {
        let cause = |event: &Event| match event {
            Event::Ejected { cause, .. } | Event::Spared { cause, .. } => *cause,
        };
        self.heard.lock().unwrap().iter().map(cause).collect()
    }

    /// Who 100 calls go to.
    fn called(&self) -> Vec<usize> {
        let balancer = RoundRobin::new();
        let mut called: Vec<usize> = (0..100)
            .map(|_| {
                let pick = self.roster.pick(&mut Context::new(), &balancer).unwrap();
                usize::from(pick.instance().id.as_bytes()[1] - b'0')
            })
            .collect();
        called.sort();
        called.dedup();
        called
    }
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_eject() {
    let set = Set::of(4);
    set.fail(1, 4);
    set.call(1, Outcome::BusinessError);
    set.fail(1, 4);
    assert!(set.out().is_empty());
    set.fail(1, 1);
    assert_eq!((set.out(), set.called()), (vec![1], vec![0, 2, 3]));
    assert_eq!(set.causes(), [Cause::InARow(5)]);
}

#[tokio::test(start_paused = true)]
async fn half_of_20_calls_in_10_s_eject() {
    let set = Set::of(4);
    for _ in 0..9 {
        set.call(2, Outcome::BackendError);
        set.call(2, Outcome::Success);
    }
    set.call(2, Outcome::Success);
    assert!(set.out().is_empty());
    set.fail(2, 1);
    assert_eq!((set.out(), set.causes()), (vec![2], vec![Cause::Ratio { failed: 10, calls: 20 }]));
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_the_window_is_forgotten() {
    let set = Set::of(4);
    for _ in 0..9 {
        set.call(2, Outcome::BackendError);
        set.call(2, Outcome::Success);
    }
    advance(10 * SECOND).await;
    set.call(2, Outcome::Success);
    set.fail(2, 3);
    assert!(set.out().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_word_on_the_instance_counts_for_nothing() {
    let set = Set::of(4);
    set.fail(0, 4);
    for outcome in [Outcome::Cancelled, Outcome::Rejected] {
        for _ in 0..50 {
            set.call(0, outcome);
        }
    }
    assert!(set.out().is_empty());
    set.fail(0, 1);
    assert_eq!(set.out(), [0]);
}

#[tokio::test(start_paused = true)]
async fn each_ejection_lasts_longer_up_to_the_longest() {
    let set = Set::of(4);
    for times in 1..=70 {
        set.fail(3, 5);
        let (lasting, whole) = (set.out_for(3), (times * 5).min(250) * SECOND);
        assert!(lasting >= whole && lasting < whole * 6 / 5 + MS, "{times}: {lasting:?}");
        assert!(lasting <= 300 * SECOND);
        advance(lasting).await;
        assert!(set.out().is_empty());
    }
    let heard = set.heard.lock().unwrap();
    let lasting = |event: &Event| match event {
        Event::Ejected { lasting, .. } => *lasting,
        Event::Spared { .. } => panic!("{event:?}"),
    };
    assert_ne!(lasting(&heard[60]), lasting(&heard[61]), "the longest are jittered too");
}

#[tokio::test(start_paused = true)]
async fn an_ejection_is_forgotten_for_each_window_in() {
    let set = Set::of(4);
    for _ in 0..3 {
        set.fail(0, 5);
        advance(set.out_for(0)).await;
    }
    advance(20 * SECOND).await;
    set.fail(0, 5);
    assert!((10 * SECOND..=12 * SECOND).contains(&set.out_for(0)), "{:?}", set.out_for(0));
}

#[tokio::test(start_paused = true)]
async fn at_most_half_of_the_set_is_out() {
    for (count, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let set = Set::of(count);
        for at in 0..count {
            set.fail(at, 50);
        }
        assert_eq!(set.out().len(), most, "of {count}");
        // One that was spared is looked at anew.
        advance(6 * SECOND).await;
        assert!(set.out().is_empty());
        set.fail(count - 1, 5);
        assert_eq!(set.out(), if most > 0 { vec![count - 1] } else { vec![] });
    }
}

#[tokio::test(start_paused = true)]
async fn what_began_before_the_ejection_says_nothing_after_it() {
    let set = Set::of(4);
    let early: Vec<_> = (0..10).map(|_| set.roster.pick(&mut Context::new(), &At(0)).unwrap()).collect();
    advance(MS).await;
    set.fail(0, 5);
    let lasting = set.out_for(0);
    advance(lasting).await;
    for pick in early {
        pick.end(Outcome::TimedOut, Instant::now());
    }
    assert!(set.out().is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_most_of_the_set_is_out_all_are_called() {
    let set = Set::of(4);
    set.fail(0, 5);
    set.fail(1, 5);
    assert_eq!(set.called(), [2, 3]);
    // The set shrinks around those that are out.
    set.resize(3);
    assert_eq!((set.out(), set.called()), (vec![0, 1], vec![0, 1, 2]));
    set.resize(2);
    assert_eq!((set.out(), set.called()), (vec![0, 1], vec![0, 1]));
}

#[tokio::test(start_paused = true)]
async fn without_a_panic_share_the_error_says_that_all_are_ejected() {
    let set = Set::with(4, Config { panic_below: 0.0, ..Config::default() });
    set.fail(0, 5);
    set.fail(1, 5);
    set.resize(2);
    let error = set.roster.pick(&mut Context::new(), &RoundRobin::new()).unwrap_err();
    let Some(crate::NoInstances::AllOut { ejected: 2, refused: 0, until, .. }) = error.cause() else {
        panic!("{error:?}")
    };
    let left = until.expect("ejections end") - Instant::now();
    assert!((5 * SECOND..=6 * SECOND).contains(&left), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_comes_back_ramped_up() {
    let roster: Roster = Roster::new(balance::Config::default()).unwrap();
    let instance = |n| (Arc::new(Instance::new(format!("h{n}:80"))), ());
    roster.replace(Ok((0..4).map(instance).collect()));
    for _ in 0..5 {
        roster.pick(&mut Context::new(), &At(0)).unwrap().end(Outcome::TimedOut, Instant::now());
    }
    let Standing::Ejected { until: Some(until), times: 1, .. } = roster.candidates()[0].standing(Instant::now()) else {
        panic!("not ejected")
    };
    assert_eq!(roster.candidates()[0].standing(until), Standing::Ramping(0.1));
    assert_eq!(roster.candidates()[0].standing(until + 10 * SECOND), Standing::In);
}
