//! What is under way, by key.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

/// An answer that several wait for: driven by whichever of them is polled, dropped with the last of them.
pub(crate) type Flight<T> = Shared<BoxFuture<'static, T>>;

/// The flights under way. The map holds none of them alive: a flight that everybody has left is dropped at once, and takes
/// its entries with it, as one that has landed does.
#[derive(Debug)]
pub(crate) struct Flights<K, T: Clone>(Mutex<Board<K, T>>);

#[derive(Debug)]
struct Board<K, T: Clone> {
    under_way: HashMap<K, Entry<T>>,
    next: u64,
}

#[derive(Debug)]
struct Entry<T: Clone> {
    number: u64,
    flight: WeakShared<BoxFuture<'static, T>>,
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The flight for `key`: one that is under way, or else the one that `begin` makes. Says whether it was under way.
    pub(crate) fn join<F>(self: &Arc<Self>, key: K, begin: impl FnOnce() -> F) -> (Flight<T>, bool)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut board = self.lock();
        if let Some(flight) = board.find(&key) {
            return (flight, true);
        }
        (board.begin(self, vec![key], begin()), false)
    }

    /// The flights that `keys` need, each once: those under way, and one that `begin` makes for all the others together.
    /// Says how many keys were under way.
    pub(crate) fn join_all<F>(
        self: &Arc<Self>,
        keys: impl IntoIterator<Item = K>,
        begin: impl FnOnce(Vec<K>) -> F,
    ) -> (Vec<Flight<T>>, usize)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut board = self.lock();
        let (mut flights, mut missing, mut joined) = (Vec::<Flight<T>>::new(), Vec::new(), 0);
        for key in keys {
            match board.find(&key) {
                Some(flight) => {
                    joined += 1;
                    if !flights.iter().any(|known| known.ptr_eq(&flight)) {
                        flights.push(flight);
                    }
                }
                None => missing.push(key),
            }
        }
        if !missing.is_empty() {
            flights.push(board.begin(self, missing.clone(), begin(missing)));
        }
        (flights, joined)
    }

    /// Who comes from now on begins anew.
    pub(crate) fn forget(&self, key: &K) {
        self.lock().under_way.remove(key);
    }

    /// How many keys are under way.
    pub(crate) fn len(&self) -> usize {
        self.lock().under_way.len()
    }
}

impl<K: Hash + Eq, T: Clone> Flights<K, T> {
    fn lock(&self) -> MutexGuard<'_, Board<K, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> Board<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// One that somebody still waits for.
    fn find(&self, key: &K) -> Option<Flight<T>> {
        self.under_way.get(key)?.flight.upgrade()
    }

    fn begin<F>(&mut self, flights: &Arc<Flights<K, T>>, keys: Vec<K>, future: F) -> Flight<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let number = self.next;
        self.next += 1;
        let landing = Landing { flights: Arc::clone(flights), keys: keys.clone(), number };
        let flight = async move {
            let _landing = landing;
            future.await
        };
        let flight = flight.boxed().shared();
        for key in keys {
            let weak = flight.downgrade().expect("it has not been polled");
            self.under_way.insert(key, Entry { number, flight: weak });
        }
        flight
    }
}

/// Takes a flight's entries away when its future ends, or is dropped. Another may have taken their place by then.
struct Landing<K: Hash + Eq, T: Clone> {
    flights: Arc<Flights<K, T>>,
    keys: Vec<K>,
    number: u64,
}

impl<K: Hash + Eq, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut board = self.flights.lock();
        for key in &self.keys {
            if board.under_way.get(key).is_some_and(|entry| entry.number == self.number) {
                board.under_way.remove(key);
            }
        }
    }
}

impl<K, T: Clone> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Mutex::new(Board { under_way: HashMap::new(), next: 0 }))
    }
}
