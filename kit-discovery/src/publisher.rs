use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::recover::Contained;
use kit_core::{Error, Observer};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::answer::{Answer, Skipped};
use crate::event::{Event, News};
use crate::instances::Instances;
use crate::state::State;
use crate::subscription::Subscription;
use crate::trouble::Trouble;

/// The writing end of a [`State`]: turns answers and failures into it, by rules that hold for every source.
///
/// Publishing never waits: of several states that a subscriber has not looked at, it gets the latest. Dropping the publisher
/// stops its subscriptions, which keep the last state.
///
/// A source that [`Discovery`](crate::Discovery) runs needs none; an instancer with a loop of its own does.
pub struct Publisher {
    service: Arc<str>,
    state: watch::Sender<State>,
    observer: Arc<dyn Observer<Event>>,
    failing: Trouble,
    emptied: Trouble,
    skipping: Trouble,
    /// Why the last answer could not be used; it holds until another comes.
    refused: Option<Error>,
}

impl Publisher {
    /// Of the state of `service`, of which nothing is known yet.
    pub fn new(service: impl Into<Arc<str>>) -> Self {
        Self {
            service: service.into(),
            state: watch::Sender::new(State::default()),
            observer: Arc::new(()),
            failing: Trouble::default(),
            emptied: Trouble::default(),
            skipping: Trouble::default(),
            refused: None,
        }
    }

    pub(crate) fn called(mut self, service: impl Into<Arc<str>>) -> Self {
        self.service = service.into();
        self
    }

    /// Tells `observer` of changes and of troubles, those at most once a minute each; if it panics, that is a bug, and the set is followed
    /// all the same.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(Contained(observer));
        self
    }

    /// The reading end.
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(Arc::clone(&self.service), self.state.subscribe())
    }

    /// The source has answered: it works, and this is the set. Subscribers hear of it if it differs from the last, if it ends
    /// a failure, or if other entries are skipped.
    ///
    /// Entries that are no instance are skipped, counted and named. An answer of which nothing could be read is a failure:
    /// it keeps the set.
    pub fn publish(&mut self, answer: Answer) {
        let now = Instant::now();
        let Some(mut found) = answer.0 else {
            match self.refused.clone() {
                None => self.stands(None, now),
                Some(error) => self.fails(error, Seen::Answered(None), now),
            }
            return;
        };
        let old = self.state.borrow().instances.clone();
        let set = Instances::settle(&mut found, old.as_ref());
        let skips = Skips { named: found.skipped.into(), count: found.count };
        if skips.count > 0
            && let Some(untold) = self.skipping.tell(now)
        {
            self.tell(News::Skipped { named: Arc::clone(&skips.named), count: skips.count, untold });
        }
        if set.is_empty() && skips.count > 0 {
            let error = Error::data_loss(format!("none of {} entries could be read", skips.count))
                .with_reason("malformed")
                .with_field("first", &skips.named[0]);
            self.refused = Some(error.clone());
            self.fails(error, Seen::Answered(Some(skips)), now);
        } else {
            self.refused = None;
            self.stands(Some((set, skips)), now);
        }
    }

    /// The source has failed. The set stays as it is, and ages.
    pub fn fail(&mut self, error: Error) {
        self.fails(error, Seen::Nothing, Instant::now());
    }

    fn fails(&mut self, error: Error, seen: Seen, now: Instant) {
        let mut lasting = Duration::ZERO;
        self.state.send_if_modified(|state| {
            state.totals.failures += 1;
            let since = *state.failing_since.get_or_insert(now);
            lasting = now.saturating_duration_since(since);
            // The same failure again is no news; its age rises by itself.
            let mut news = !state.error.as_ref().is_some_and(|old| same(old, &error));
            state.error = Some(error.clone());
            if let Seen::Answered(skips) = seen {
                state.totals.answers += 1;
                state.answered_at = Some(now);
                news |= skips.is_some_and(|skips| skips.enter(state));
            }
            news
        });
        if let Some(untold) = self.failing.tell(now) {
            self.tell(News::Failing { error, lasting, untold });
        }
    }

    /// An answer stands: the source works, and this is the set, or the last one still is.
    fn stands(&mut self, new: Option<(Instances, Skips)>, now: Instant) {
        let (mut failed, mut emptied, mut changed) = (None, None, None);
        self.state.send_if_modified(|state| {
            state.totals.answers += 1;
            state.answered_at = Some(now);
            failed = state.failing_since.take();
            let mut news = state.error.take().is_some();
            let Some((set, skips)) = new else {
                return news;
            };
            news |= skips.enter(state);
            if set.is_empty() {
                state.totals.empty += 1;
                if state.empty_since.is_none() {
                    state.empty_since = Some(now);
                    emptied = state.instances.as_ref().map(|old| old.len());
                }
            } else {
                state.empty_since = None;
            }
            if state.instances.as_ref() == Some(&set) {
                return news;
            }
            state.generation += 1;
            if !set.is_empty() {
                state.last_full = Some(set.clone());
            }
            let old = state.instances.replace(set.clone());
            changed = Some((state.generation, set, old.unwrap_or_default()));
            true
        });
        if let Some((generation, set, old)) = changed {
            let (added, removed) = (set.missing_in(&old), old.missing_in(&set));
            self.tell(News::Changed { generation, size: set.len(), added, removed });
        }
        if let Some(before) = emptied
            && let Some(untold) = self.emptied.tell(now)
        {
            self.tell(News::Emptied { before, untold });
        }
        if let Some(since) = failed.filter(|since| self.failing.told_since(*since)) {
            self.tell(News::Recovered { lasted: now.saturating_duration_since(since) });
        }
    }

    fn tell(&self, news: News) {
        self.observer.observe(&Event { service: Arc::clone(&self.service), news });
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("service", &self.service).field("state", &*self.state.borrow()).finish()
    }
}

/// What came with a failure.
enum Seen {
    Nothing,
    /// An answer that cannot be used; what had to be skipped in it, unless that is what it was.
    Answered(Option<Skips>),
}

/// What was skipped in an answer.
struct Skips {
    named: Arc<[Skipped]>,
    count: usize,
}

impl Skips {
    /// Whether that is news.
    fn enter(self, state: &mut State) -> bool {
        state.totals.skipped += self.count as u64;
        let news = state.skipped_count != self.count || state.skipped != self.named;
        state.skipped_count = self.count;
        state.skipped = self.named;
        news
    }
}

/// Whether one failure says the same as the other.
fn same(a: &Error, b: &Error) -> bool {
    (a.code(), a.message(), a.reason()) == (b.code(), b.message(), b.reason())
}
