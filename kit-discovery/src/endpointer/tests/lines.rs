use std::collections::HashMap;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use kit_core::{Channel, Factory};

use super::*;

/// What a factory does for an address.
#[derive(Clone, Debug, Default)]
pub(super) enum Order {
    #[default]
    Work,
    Fail,
    Hang,
    Panic,
    /// It works, after so long.
    Wait(Duration),
    /// It works, and the channel never ends closing.
    NeverClose,
}

/// A factory that does as it is told, and knows what became of what it made. Clones are one.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Book>);

#[derive(Default)]
struct Book {
    orders: Mutex<HashMap<String, Order>>,
    made: Mutex<Vec<Arc<Page>>>,
    attempts: Mutex<Vec<(String, Instant)>>,
}

/// What became of one channel.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) address: String,
    closed: AtomicU32,
    never: bool,
}

/// A channel.
#[derive(Debug)]
pub(super) struct Line(pub(super) Arc<Page>);

impl Lines {
    pub(super) fn order(&self, id: &str, order: Order) {
        self.0.orders.lock().unwrap().insert(id.to_owned(), order);
    }

    /// The ids of what was made, in that order.
    pub(super) fn made(&self) -> String {
        self.pages().iter().map(|page| page.id.as_str()).collect()
    }

    /// The ids of what was closed, in the order it was made.
    pub(super) fn closed(&self) -> String {
        self.pages().iter().filter(|page| page.closed() > 0).map(|page| page.id.as_str()).collect()
    }

    pub(super) fn pages(&self) -> Vec<Arc<Page>> {
        self.0.made.lock().unwrap().clone()
    }

    /// When making the channel of this id was begun.
    pub(super) fn attempts(&self, id: &str) -> Vec<Instant> {
        let attempts = self.0.attempts.lock().unwrap();
        attempts.iter().filter(|(of, _)| of == id).map(|(_, at)| *at).collect()
    }
}

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, instance: &Instance) -> Result<Line, Error> {
        let id = instance.id.to_string();
        self.0.attempts.lock().unwrap().push((id.clone(), Instant::now()));
        let order = self.0.orders.lock().unwrap().get(&id).cloned().unwrap_or_default();
        match order {
            Order::Fail => return Err(Error::unavailable(format!("{id} refused"))),
            Order::Hang => pending().await,
            Order::Panic => panic!("as ordered"),
            Order::Wait(pause) => sleep(pause).await,
            Order::Work | Order::NeverClose => {}
        }
        let never = matches!(order, Order::NeverClose);
        let page = Arc::new(Page { id, address: instance.address.to_string(), closed: AtomicU32::new(0), never });
        self.0.made.lock().unwrap().push(Arc::clone(&page));
        Ok(Line(page))
    }
}

impl Page {
    pub(super) fn closed(&self) -> u32 {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Line {
    #[track_caller]
    pub(super) fn used(&self) {
        assert_eq!(self.0.closed(), 0, "the channel of {} is used after its end", self.0.id);
    }
}

impl Channel for Line {
    async fn close(&self) {
        self.0.closed.fetch_add(1, Ordering::Relaxed);
        if self.0.never {
            pending().await
        }
    }
}
