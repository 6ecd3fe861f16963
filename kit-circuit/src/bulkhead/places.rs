//! The places and the queue before them.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::Config;
use crate::counts::Counters;
use crate::live::Live;

/// What one layer's endpoints share.
///
/// The permits that exist, free and taken, are as many as `max` says and `debt` more: who lowers `max` cannot take a place
/// from a call that runs, so it is owed, and paid with the next places that are given back.
#[derive(Debug)]
pub(super) struct Places {
    free: Semaphore,
    debt: AtomicUsize,
    waiting: AtomicUsize,
    taken: AtomicUsize,
    pub(super) config: Live<Config>,
    pub(super) counters: Arc<Counters>,
    /// One change of `max` at a time.
    resize: Mutex<()>,
}

impl Places {
    pub(super) fn new(config: Config) -> Self {
        Self {
            free: Semaphore::new(config.max),
            debt: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            config: Live::new(config),
            counters: Arc::default(),
            resize: Mutex::new(()),
        }
    }

    /// A place that is free now, if nobody has waited for it.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = self.free.try_acquire().ok()?;
        permit.forget();
        Some(Place::new(self))
    }

    /// A place, when those who came before have theirs.
    pub(super) async fn wait(self: &Arc<Self>) -> Place {
        self.free.acquire().await.expect("nobody closes it").forget();
        Place::new(self)
    }

    /// Stands in line, if there is room for one more; otherwise says how many stand there.
    pub(super) fn queue(&self, room: usize) -> Result<Waiting<'_>, usize> {
        self.waiting.fetch_update(SeqCst, SeqCst, |waiting| (waiting < room).then_some(waiting + 1))?;
        Ok(Waiting(self))
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(SeqCst)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    /// From now on by this config. A lower `max` is reached as calls end.
    pub(super) fn set(&self, config: Config) {
        let _one_at_a_time = self.resize.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.config.load().max;
        self.config.set(config);
        if config.max < before {
            self.debt.fetch_add(before - config.max, SeqCst);
            self.settle();
        } else {
            let mut more = config.max - before;
            while more > 0 && self.pay() {
                more -= 1;
            }
            self.free.add_permits(more);
        }
    }

    /// Pays one place of the debt, if there is any.
    fn pay(&self) -> bool {
        self.debt.fetch_update(SeqCst, SeqCst, |debt| debt.checked_sub(1)).is_ok()
    }

    /// Pays the debt with places that are free. Each is taken before it is counted, so none is paid twice.
    fn settle(&self) {
        while self.debt.load(SeqCst) > 0 {
            let Ok(permit) = self.free.try_acquire() else { return };
            if !self.pay() {
                return;
            }
            permit.forget();
        }
    }

    fn give_back(&self) {
        self.taken.fetch_sub(1, SeqCst);
        if !self.pay() {
            self.free.add_permits(1);
            // The debt may have come in between.
            self.settle();
        }
    }
}

/// One call's place.
#[derive(Debug)]
pub(super) struct Place(Arc<Places>);

impl Place {
    fn new(places: &Arc<Places>) -> Self {
        places.taken.fetch_add(1, SeqCst);
        Self(Arc::clone(places))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// One call in the queue; in whatever way its wait ends, the next has its room.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Places);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
        // A wait that was given up may have put back a place that was already its own.
        self.0.settle();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    fn places(max: usize) -> Arc<Places> {
        Arc::new(Places::new(Config { max, ..Config::default() }))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Take,
        GiveBack,
        Set(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![Just(Step::Take), Just(Step::GiveBack), (1..8usize).prop_map(Step::Set)]
    }

    proptest! {
        #[test]
        fn a_call_gets_a_place_exactly_while_fewer_run_than_may(steps in prop::collection::vec(step(), 0..60)) {
            let (places, mut max, mut held) = (places(3), 3, Vec::new());
            for step in steps {
                match step {
                    Step::Take => {
                        let place = places.take();
                        prop_assert_eq!(place.is_some(), held.len() < max);
                        held.extend(place);
                    }
                    Step::GiveBack => {
                        held.pop();
                    }
                    Step::Set(to) => {
                        max = to;
                        places.set(Config { max, ..Config::default() });
                    }
                }
                prop_assert_eq!(places.taken(), held.len());
            }
            held.clear();
            let all = std::iter::from_fn(|| places.take()).collect::<Vec<_>>();
            prop_assert_eq!(all.len(), max, "none lost, none gained");
        }
    }

    #[test]
    fn changes_beside_calls_on_other_threads_lose_no_place() {
        let places = places(4);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        drop(places.take());
                    }
                });
            }
            for round in 0..2_000 {
                places.set(Config { max: 1 + round % 7, ..Config::default() });
            }
        });
        places.set(Config { max: 5, ..Config::default() });
        assert_eq!(std::iter::from_fn(|| places.take()).collect::<Vec<_>>().len(), 5);
    }

    #[test]
    fn a_place_that_was_granted_to_a_wait_that_is_dropped_pays_what_is_owed() {
        let places = places(2);
        let (one, two) = (places.take().expect("free"), places.take().expect("free"));
        let room = places.queue(1).expect("room");
        let mut wait = Box::pin(places.wait());
        assert!(wait.as_mut().now_or_never().is_none());
        // Granted, not yet taken up, when the cap falls.
        drop(one);
        places.set(Config { max: 1, ..Config::default() });
        drop(wait);
        drop(room);
        assert!(places.take().is_none());
        drop(two);
        assert_eq!(std::iter::from_fn(|| places.take()).collect::<Vec<_>>().len(), 1);
    }

    #[test]
    fn who_comes_to_a_full_queue_learns_how_long_it_is() {
        let places = places(1);
        let _first = places.queue(2).expect("room");
        let second = places.queue(2).expect("room");
        assert_eq!(places.queue(2).expect_err("full"), 2);
        drop(second);
        assert!(places.queue(2).is_ok());
    }
}
