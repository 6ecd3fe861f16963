//! HTTP/2: many calls at a time on a few connections.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::grant::{Carrier, Grant, Handed, Taken};
use super::queue::{Queue, Ticket};
use crate::http::client::Config;

/// The connections that take calls, how many each carries, and the calls that wait for room on one.
///
/// A call goes to the one that carries the fewest. One that takes no more calls, because it is old, silent, or was told to go away, is
/// no longer here; what it carries goes on, and another is opened when it is needed. As in [`Single`](super::single::Single), whoever
/// changes something asks [`pump`](Self::pump).
pub(super) struct Shared<C> {
    lines: Vec<Line<C>>,
    /// Those that are being opened.
    connecting: usize,
    /// Sockets that are open, or being opened; those too that take no more calls.
    taken: usize,
    queue: Queue<Grant<C>>,
    next_id: u64,
    max: usize,
    room: usize,
    idle_timeout: Duration,
}

struct Line<C> {
    id: u64,
    connection: C,
    /// Calls on it, to the ends of their answers.
    load: usize,
    /// When it was last used.
    since: Instant,
    /// Whether others had it before who has it now: a fresh one cannot be stale.
    used: bool,
}

impl<C: Carrier> Shared<C> {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            lines: Vec::new(),
            connecting: 0,
            taken: 0,
            queue: Queue::default(),
            next_id: 0,
            max: config.http2_connections,
            room: config.max_waiting,
            idle_timeout: config.idle_timeout,
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Room on the connection that carries the fewest, and whether one more is to be opened. Who was `first` in the queue before
    /// stands there again.
    pub(super) fn take(&mut self, first: bool, now: Instant, gone: &mut Vec<C>) -> (Taken<C>, bool) {
        self.prune(now, gone);
        let least = if first || self.queue.is_empty() { self.least() } else { None };
        // Another one beside those that are in use, as long as there may be more: no call waits for it that has room elsewhere.
        let busy = least.is_none_or(|at| self.lines[at].load > 0);
        let grow = busy && self.lines.len() + self.connecting < self.max;
        if grow {
            self.begin();
        }
        let taken = match least {
            Some(at) => {
                self.lines[at].used = true;
                Taken::Granted(self.enter(at))
            }
            None if first => Taken::Waits(self.queue.join_first()),
            None => self.queue.join(self.room).map_or(Taken::Full, Taken::Waits),
        };
        (taken, grow)
    }

    /// Adds the connection that was opened.
    pub(super) fn opened(&mut self, connection: C, now: Instant) {
        self.connecting -= 1;
        let id = self.next_id;
        self.next_id += 1;
        self.lines.push(Line { id, connection, load: 0, since: now, used: false });
    }

    /// Notes that one could not be opened. Those who wait get the error, if nothing else is to come.
    pub(super) fn failed(&mut self, now: Instant, gone: &mut Vec<C>) -> Vec<oneshot::Sender<Grant<C>>> {
        self.connecting -= 1;
        self.prune(now, gone);
        let hopeless = self.lines.is_empty() && self.connecting == 0;
        if hopeless { std::iter::from_fn(|| self.queue.next()).collect() } else { Vec::new() }
    }

    /// Notes that a call is over. Whether somebody waits.
    pub(super) fn leave_line(&mut self, id: u64, now: Instant) -> bool {
        if let Some(line) = self.lines.iter_mut().find(|line| line.id == id) {
            line.load -= 1;
            line.since = now;
            line.used = true;
        }
        !self.queue.is_empty()
    }

    /// Hands a connection out no more.
    pub(super) fn retire(&mut self, connection: &C, gone: &mut Vec<C>) -> bool {
        gone.extend(self.lines.extract_if(.., |line| line.connection.is(connection)).map(|line| line.connection));
        !self.queue.is_empty()
    }

    /// Takes back a place. Whether somebody waits.
    pub(super) fn release(&mut self) -> bool {
        self.taken -= 1;
        !self.queue.is_empty()
    }

    /// Takes back what was granted and not fetched.
    pub(super) fn unfetched(&mut self, grant: Grant<C>, now: Instant) {
        match grant {
            Grant::Line(_, id) => {
                self.leave_line(id, now);
            }
            Grant::Place => {
                self.connecting -= 1;
                self.taken -= 1;
            }
            Grant::Connection(_) | Grant::Failed(_) => {}
        }
    }

    pub(super) fn leave(&mut self, ticket: &Ticket<Grant<C>>) {
        self.queue.leave(ticket);
    }

    /// What is to be handed to whom now: room on a connection, or the word to open one.
    pub(super) fn pump(&mut self, now: Instant, gone: &mut Vec<C>) -> Option<Handed<C>> {
        if self.queue.is_empty() {
            return None;
        }
        self.prune(now, gone);
        let granted = match self.least() {
            Some(at) => self.enter(at),
            None if self.connecting == 0 && self.lines.len() < self.max => {
                self.begin();
                Grant::Place
            }
            None => return None,
        };
        self.queue.next().map(|tell| (tell, granted))
    }

    /// Lets go of what nobody has used for its time and of what is too old, and says when to look again.
    pub(super) fn clear(&mut self, now: Instant, gone: &mut Vec<C>) -> Option<Instant> {
        self.prune(now, gone);
        self.lines.iter().filter_map(|line| line.over(self.idle_timeout)).min()
    }

    /// Lets go of everything. Who waited is to be told.
    pub(super) fn close(&mut self, gone: &mut Vec<C>) -> Vec<oneshot::Sender<Grant<C>>> {
        gone.extend(self.lines.drain(..).map(|line| line.connection));
        std::iter::from_fn(|| self.queue.next()).collect()
    }

    fn begin(&mut self) {
        self.connecting += 1;
        self.taken += 1;
    }

    fn prune(&mut self, now: Instant, gone: &mut Vec<C>) {
        let timeout = self.idle_timeout;
        let over =
            |line: &mut Line<C>| line.over(timeout).is_some_and(|over| over <= now) || !line.connection.is_ready();
        gone.extend(self.lines.extract_if(.., over).map(|line| line.connection));
    }

    /// The one with the fewest calls, if it takes another.
    fn least(&self) -> Option<usize> {
        // A peer that allows none for now gets one that waits on its connection: nothing tells when it allows more.
        let free = |line: &Line<C>| line.load < line.connection.room().max(1);
        let free = self.lines.iter().enumerate().filter(|(_, line)| free(line));
        free.min_by_key(|(_, line)| line.load).map(|(at, _)| at)
    }

    fn enter(&mut self, at: usize) -> Grant<C> {
        let line = &mut self.lines[at];
        line.load += 1;
        Grant::Line(line.connection.share(line.used), line.id)
    }
}

impl<C: Carrier> Line<C> {
    /// When it takes no more calls; nobody knows of one that is in use and has no greatest age.
    fn over(&self, timeout: Duration) -> Option<Instant> {
        let unused = (self.load == 0).then(|| self.since + timeout);
        unused.into_iter().chain(self.connection.expires()).min()
    }
}
