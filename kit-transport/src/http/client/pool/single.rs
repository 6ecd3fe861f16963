//! HTTP/1.1: one call at a time on each connection.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::grant::{Carrier, Grant, Handed, Taken};
use super::queue::{Queue, Ticket};
use crate::http::client::Config;

/// The connections of which nobody makes use, the places for more, and the calls that wait for either.
///
/// The one that was used last is taken first, so that a burst's surplus grows old and goes. What nobody uses is never kept beside a
/// call that waits: whoever changes something here asks [`pump`](Self::pump) for what is to be handed out, until that is nothing.
pub(super) struct Single<C> {
    idle: Vec<Idle<C>>,
    /// Places in use: sockets that are open, or being opened.
    taken: usize,
    /// Calls whose connection was lost and that are sent again. They have waited their turn, and want a connection that nobody has
    /// used, or one that has answered since: those that lay unused beside the lost one may be as dead.
    again: Queue<Grant<C>>,
    /// How many were sent again so far.
    losses: u64,
    queue: Queue<Grant<C>>,
    max: usize,
    max_idle: usize,
    room: usize,
    idle_timeout: Duration,
}

struct Idle<C> {
    connection: C,
    since: Instant,
    /// How many calls had been sent again when it was last used.
    losses: u64,
}

impl<C: Carrier> Single<C> {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            idle: Vec::new(),
            taken: 0,
            again: Queue::default(),
            losses: 0,
            queue: Queue::default(),
            max: config.max_connections,
            max_idle: config.max_idle_per_host,
            room: config.max_waiting,
            idle_timeout: config.idle_timeout,
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    pub(super) fn waiting(&self) -> usize {
        self.again.len() + self.queue.len()
    }

    /// A connection, or a place for one; a place if it must be `fresh`, and there is one to come.
    pub(super) fn take(&mut self, fresh: bool, now: Instant, gone: &mut Vec<C>) -> Taken<C> {
        if fresh {
            self.losses += 1;
            if let Some(place) = self.place() {
                return Taken::Granted(place);
            }
            // One of those that may be dead gives its place, when it is closed.
            gone.extend((!self.idle.is_empty()).then(|| self.idle.remove(0).connection));
            return Taken::Waits(self.again.join_first());
        }
        if self.queue.is_empty()
            && let Some(granted) = self.any(now, gone)
        {
            return Taken::Granted(granted);
        }
        self.queue.join(self.room).map_or(Taken::Full, Taken::Waits)
    }

    /// Takes back a connection whose call is over. Whether somebody waits.
    pub(super) fn put(&mut self, connection: C, now: Instant, gone: &mut Vec<C>) -> bool {
        let waited = self.waiting() > 0;
        if (waited || self.idle.len() < self.max_idle) && lives(&connection, now) {
            self.idle.push(Idle { connection, since: now, losses: self.losses });
        } else {
            gone.push(connection);
        }
        waited
    }

    /// Takes back a place. Whether somebody waits.
    pub(super) fn release(&mut self) -> bool {
        self.taken -= 1;
        self.waiting() > 0
    }

    /// Takes back what was granted and not fetched.
    pub(super) fn unfetched(&mut self, grant: Grant<C>, now: Instant, gone: &mut Vec<C>) {
        match grant {
            Grant::Connection(connection) => {
                self.put(connection, now, gone);
            }
            Grant::Place => self.taken -= 1,
            Grant::Line(..) | Grant::Failed(_) => {}
        }
    }

    pub(super) fn leave(&mut self, ticket: &Ticket<Grant<C>>) {
        self.again.leave(ticket);
        self.queue.leave(ticket);
    }

    /// What is to be handed to whom now.
    pub(super) fn pump(&mut self, now: Instant, gone: &mut Vec<C>) -> Option<Handed<C>> {
        if !self.again.is_empty()
            && let Some(granted) = self.place().or_else(|| self.answered())
        {
            return self.again.next().map(|tell| (tell, granted));
        }
        if self.queue.is_empty() {
            return None;
        }
        let granted = self.any(now, gone)?;
        self.queue.next().map(|tell| (tell, granted))
    }

    /// Lets go of what nobody has used for its time, and says when to look again.
    pub(super) fn clear(&mut self, now: Instant, gone: &mut Vec<C>) -> Option<Instant> {
        let timeout = self.idle_timeout;
        let old = self.idle.extract_if(.., |idle| idle.over(timeout) <= now || !idle.connection.is_ready());
        gone.extend(old.map(|idle| idle.connection));
        self.idle.iter().map(|idle| idle.over(timeout)).min()
    }

    /// Lets go of everything. Who waited is to be told.
    pub(super) fn close(&mut self, gone: &mut Vec<C>) -> Vec<oneshot::Sender<Grant<C>>> {
        gone.extend(self.idle.drain(..).map(|idle| idle.connection));
        std::iter::from_fn(|| self.again.next().or_else(|| self.queue.next())).collect()
    }

    fn any(&mut self, now: Instant, gone: &mut Vec<C>) -> Option<Grant<C>> {
        while let Some(idle) = self.idle.pop() {
            if idle.over(self.idle_timeout) > now && idle.connection.is_ready() {
                return Some(Grant::Connection(idle.connection));
            }
            gone.push(idle.connection);
        }
        // Places go to those first who have had one.
        if self.again.is_empty() { self.place() } else { None }
    }

    /// A connection that has answered after the last loss.
    fn answered(&mut self) -> Option<Grant<C>> {
        let idle = self.idle.pop_if(|idle| idle.losses == self.losses && idle.connection.is_ready())?;
        Some(Grant::Connection(idle.connection))
    }

    fn place(&mut self) -> Option<Grant<C>> {
        (self.taken < self.max).then(|| {
            self.taken += 1;
            Grant::Place
        })
    }
}

impl<C: Carrier> Idle<C> {
    /// When it is closed, if nobody uses it.
    fn over(&self, timeout: Duration) -> Instant {
        let unused = self.since + timeout;
        self.connection.expires().map_or(unused, |expires| unused.min(expires))
    }
}

/// Whether it may carry another call.
fn lives<C: Carrier>(connection: &C, now: Instant) -> bool {
    connection.is_ready() && connection.expires().is_none_or(|expires| expires > now)
}
