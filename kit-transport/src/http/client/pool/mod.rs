//! The connections to one instance, for the calls to it.
//!
//! What is decided stands in [`single`] and [`shared`], which know neither sockets nor tasks: a call takes, gives back, waits,
//! leaves. Here it is carried out, outside the lock: sockets are opened, who waits is told, what is no longer wanted is dropped.
//! A [`Place`] lives as long as its socket, so what is counted is what is open.

mod lease;
mod place;
mod queue;
mod shared;
mod single;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::body::{Body as _, Incoming};
use kit_core::sources::Random;
use kit_core::task::Owned;
use kit_core::{BoxError, Error};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tower_service::Service as _;

pub(in crate::http) use self::lease::Lease;
use self::lease::Lent;
pub(super) use self::lease::Stream;
use self::place::Dialing;
pub(super) use self::place::Place;
use self::queue::Ticket;
use self::shared::Shared;
use self::single::Single;
use self::wait::Waiting;
use super::connect::Connector;
use super::connection::Connection;
use super::wire::Meter;
use super::{Config, error};
use crate::http::Body;

/// What all pools of a client, or of a factory of channels, have in common.
pub(super) struct Settings {
    pub(super) config: Config,
    connector: Connector,
    random: Arc<dyn Random>,
}

/// The connections to one instance.
pub(super) struct Pool {
    settings: Arc<Settings>,
    address: Authority,
    /// What the connector is asked for.
    uri: Uri,
    state: Mutex<State>,
    /// Told when the pool is closed, and when its last socket is.
    closing: Notify,
    emptied: Notify,
}

struct State {
    kind: Kind,
    /// The open sockets, so that they can be cut.
    sockets: BTreeMap<u64, Arc<Meter>>,
    next_socket: u64,
    closed: bool,
    /// What clears out; it ends when there is nothing to clear out any more.
    reaper: Option<Owned<()>>,
}

enum Kind {
    Single(Single<Connection>),
    Shared(Shared<Connection>),
}

/// What a pool has to know of a connection.
pub(super) trait Carrier: Sized {
    /// Whether it takes a request now, as far as is known.
    fn is_ready(&self) -> bool;

    /// When it is too old to take another.
    fn expires(&self) -> Option<Instant>;

    /// How many it may carry at once.
    fn room(&self) -> usize;

    /// Whether both are ways to one connection.
    fn is(&self, other: &Self) -> bool;

    /// Another way to the same connection, which has been `used` before or not.
    ///
    /// # Panics
    /// If it carries one request at a time.
    fn share(&self, used: bool) -> Self;
}

/// What a call gets that wanted a connection.
enum Grant<C> {
    /// One of its own.
    Connection(C),
    /// Room on the one of this number.
    Line(C, u64),
    /// A place, to open one.
    Place,
    /// Nothing.
    Failed(Error),
}

/// How a call stands that wants a connection.
enum Taken<C> {
    /// It has what it wants.
    Granted(Grant<C>),
    /// It waits for its turn.
    Waits(Ticket<Grant<C>>),
    /// Too many wait.
    Full,
}

/// What is handed to whom.
type Handed<C> = (oneshot::Sender<Grant<C>>, Grant<C>);

/// How long a close waits for its sockets. They end as soon as their tasks run.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

impl Settings {
    pub(super) fn new(config: Config, random: Arc<dyn Random>) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { connector: Connector::new(&config), config, random })
    }

    pub(super) fn with_random(&self, random: Arc<dyn Random>) -> Self {
        Self { config: self.config.clone(), connector: self.connector.clone(), random }
    }

    /// When a connection that is opened now is too old. A tenth of the time is chance: those opened together do not end together.
    fn expires(&self) -> Option<Instant> {
        let age = self.config.max_age?;
        Instant::now().checked_add(age - self.random.jitter(age / 10))
    }
}

impl Pool {
    pub(super) fn new(settings: Arc<Settings>, address: Authority) -> Self {
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(address.clone()).path_and_query("/").build();
        let uri = uri.expect("a URI with scheme, authority and path is whole");
        let config = &settings.config;
        let kind =
            if config.http2_only { Kind::Shared(Shared::new(config)) } else { Kind::Single(Single::new(config)) };
        let state = State { kind, sockets: BTreeMap::new(), next_socket: 0, closed: false, reaper: None };
        Self { settings, address, uri, state: Mutex::new(state), closing: Notify::new(), emptied: Notify::new() }
    }

    pub(super) fn config(&self) -> &Config {
        &self.settings.config
    }

    pub(super) fn address(&self) -> &Authority {
        &self.address
    }

    /// Sockets that are open, or being opened.
    pub(super) fn connections(&self) -> usize {
        self.state().taken()
    }

    /// Calls that wait for a connection.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// A connection for one call, by its deadline; one that nobody has used yet, if it must be `fresh`.
    ///
    /// Has to be polled at the deadline, by whoever ends the call then: it makes no timer of its own.
    pub(super) async fn connection(self: &Arc<Self>, fresh: bool, deadline: Instant) -> Result<Connection, Error> {
        let mut first = fresh;
        loop {
            let granted = match self.take(first)? {
                Taken::Granted(granted) => granted,
                Taken::Waits(ticket) => Waiting::new(self, ticket).granted(deadline).await?,
                Taken::Full => return Err(self.full()),
            };
            match granted {
                Grant::Connection(connection) => return Ok(connection),
                Grant::Line(connection, line) => return Ok(connection.on(Stream::new(self, line))),
                Grant::Place if self.config().http2_only => {
                    self.dial();
                    first = true;
                }
                // Seldom: not in every future that sends a request.
                Grant::Place => return Box::pin(self.open(Place::new(self))).await,
                Grant::Failed(error) => return Err(error),
            }
        }
    }

    /// The body of an answer whose head is here. With its end, its connection is free.
    pub(super) fn answered(self: &Arc<Self>, mut connection: Connection, body: Incoming) -> Body {
        let lease = match connection.leave() {
            Some(_stream) if body.is_end_stream() => return Body::from(body),
            Some(stream) => Lease::from(stream),
            // Nearly always: what is left of a small answer came with its head.
            None if connection.is_ready() => {
                self.keep(connection);
                return Body::from(body);
            }
            None => Lease::from(Lent::new(self, connection)),
        };
        Body::leased(body, lease)
    }

    /// Hands a connection out no more. Calls that are on it go on.
    pub(super) fn retire(&self, connection: &Connection) {
        let mut gone = Vec::new();
        let waited = match &mut self.state().kind {
            Kind::Single(_) => false,
            Kind::Shared(shared) => shared.retire(connection, &mut gone),
        };
        drop(gone);
        if waited {
            self.settle();
        }
    }

    /// Cuts every connection and refuses every call, from now on.
    pub(super) async fn close(&self) {
        let mut gone = Vec::new();
        let (waiting, reaper, sockets) = {
            let mut state = self.state();
            state.closed = true;
            let sockets: Vec<_> = state.sockets.values().map(Arc::clone).collect();
            (state.kind.close(&mut gone), state.reaper.take(), sockets)
        };
        self.closing.notify_waiters();
        for tell in waiting {
            // Who does not wait any more needs no word.
            let _ = tell.send(Grant::Failed(error::closed(&self.address)));
        }
        drop((gone, reaper));
        sockets.iter().for_each(|meter| meter.cut());
        let _late: Result<(), _> = timeout(CLOSE_LIMIT, self.empty()).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that panics is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, first: bool) -> Result<Taken<Connection>, Error> {
        let (now, mut gone) = (Instant::now(), Vec::new());
        let mut state = self.state();
        if state.closed {
            return Err(error::closed(&self.address));
        }
        let (taken, grow) = match &mut state.kind {
            Kind::Single(single) => (single.take(first, now, &mut gone), false),
            Kind::Shared(shared) => shared.take(first, now, &mut gone),
        };
        drop(state);
        drop(gone);
        if grow {
            self.dial();
        }
        Ok(taken)
    }

    fn full(&self) -> Error {
        let config = self.config();
        let connections = if config.http2_only { config.http2_connections } else { config.max_connections };
        error::full(connections, config.max_waiting, &self.address)
    }

    async fn open(&self, place: Place) -> Result<Connection, Error> {
        let unreachable = |cause: BoxError| error::unreachable(cause, &self.address);
        let opening = async {
            let stream = self.settings.connector.clone().call(self.uri.clone()).await.map_err(unreachable)?;
            Connection::open(stream, &self.settings.config, place, self.settings.expires()).await.map_err(unreachable)
        };
        tokio::select! {
            biased;
            () = self.closed() => Err(error::closed(&self.address)),
            opened = opening => opened,
        }
    }

    /// Opens a connection for all who wait. A task, since whoever began may leave before the others; it ends by the limit of
    /// connecting.
    fn dial(self: &Arc<Self>) {
        let dialing = Dialing::new(self);
        tokio::spawn(dialing.run());
    }

    fn dialled(self: &Arc<Self>, opened: Result<Connection, Error>) {
        let (now, mut gone) = (Instant::now(), Vec::new());
        let mut state = self.state();
        let closed = state.closed;
        let Kind::Shared(shared) = &mut state.kind else { return };
        let (told, error) = match opened {
            Ok(connection) if !closed => {
                shared.opened(connection, now);
                self.clear_out(&mut state, now);
                (Vec::new(), None)
            }
            Ok(connection) => {
                gone.push(connection);
                (shared.failed(now, &mut gone), Some(error::closed(&self.address)))
            }
            Err(error) => (shared.failed(now, &mut gone), Some(error)),
        };
        drop(state);
        drop(gone);
        for (tell, error) in told.into_iter().zip(error.into_iter().cycle()) {
            let _ = tell.send(Grant::Failed(error));
        }
        self.settle();
    }

    /// Takes back a connection that is ready for the next call.
    fn keep(self: &Arc<Self>, mut connection: Connection) {
        connection.reused = true;
        let (now, mut gone) = (Instant::now(), Vec::new());
        let mut state = self.state();
        let closed = state.closed;
        let waited = match &mut state.kind {
            Kind::Single(single) if !closed => single.put(connection, now, &mut gone),
            _ => {
                gone.push(connection);
                false
            }
        };
        if !closed {
            self.clear_out(&mut state, now);
        }
        drop(state);
        drop(gone);
        if waited {
            self.settle();
        }
    }

    /// A call on a connection that others are on too is over.
    fn left(self: &Arc<Self>, line: u64) {
        let now = Instant::now();
        let mut state = self.state();
        let waited = match &mut state.kind {
            Kind::Single(_) => false,
            Kind::Shared(shared) => shared.leave_line(line, now),
        };
        if !state.closed {
            self.clear_out(&mut state, now);
        }
        drop(state);
        if waited {
            self.settle();
        }
    }

    /// A socket is closed, or was never opened.
    fn release(&self, socket: Option<u64>) {
        let mut state = self.state();
        let meter = socket.and_then(|socket| state.sockets.remove(&socket));
        let waited = match &mut state.kind {
            Kind::Single(single) => single.release(),
            Kind::Shared(shared) => shared.release(),
        };
        let emptied = state.closed && state.taken() == 0;
        drop(state);
        drop(meter);
        if waited {
            self.settle();
        }
        if emptied {
            self.emptied.notify_waiters();
        }
    }

    /// Notes an open socket; one that was opened for a pool that is closed is cut.
    fn opened(&self, meter: &Arc<Meter>) -> u64 {
        let mut state = self.state();
        let socket = state.next_socket;
        state.next_socket += 1;
        state.sockets.insert(socket, Arc::clone(meter));
        let closed = state.closed;
        drop(state);
        if closed {
            meter.cut();
        }
        socket
    }

    /// Hands out what there is to those who wait.
    fn settle(&self) {
        loop {
            let (now, mut gone) = (Instant::now(), Vec::new());
            let handed = self.state().kind.pump(now, &mut gone);
            drop(gone);
            let Some((tell, grant)) = handed else { return };
            if let Err(grant) = tell.send(grant) {
                self.unfetched(grant);
            }
        }
    }

    /// Takes back what was granted to a call that had left.
    fn unfetched(&self, grant: Grant<Connection>) {
        let (now, mut gone) = (Instant::now(), Vec::new());
        let mut state = self.state();
        match &mut state.kind {
            Kind::Single(single) => single.unfetched(grant, now, &mut gone),
            Kind::Shared(shared) => shared.unfetched(grant, now),
        }
        drop(state);
        drop(gone);
    }

    /// A call waits no more; what it was granted meanwhile is for the next.
    fn leave(&self, ticket: &mut Ticket<Grant<Connection>>) {
        match &mut self.state().kind {
            Kind::Single(single) => single.leave(ticket),
            Kind::Shared(shared) => shared.leave(ticket),
        }
        if let Some(grant) = ticket.unfetched() {
            self.unfetched(grant);
            self.settle();
        }
    }

    async fn closed(&self) {
        let closing = self.closing.notified();
        if !self.is_closed() {
            closing.await;
        }
    }

    async fn empty(&self) {
        let emptied = self.emptied.notified();
        if self.state().taken() > 0 {
            emptied.await;
        }
    }

    /// Sees to it that what is kept is not kept too long.
    fn clear_out(self: &Arc<Self>, state: &mut State, now: Instant) {
        if state.reaper.as_ref().is_some_and(|reaper| !reaper.is_finished()) || Handle::try_current().is_err() {
            return;
        }
        let config = self.config();
        let soon = config.max_age.map_or(config.idle_timeout, |age| age.min(config.idle_timeout));
        let (pool, mut next) = (Arc::downgrade(self), now + soon);
        state.reaper = Some(Owned::spawn(async move {
            loop {
                sleep_until(next).await;
                match pool.upgrade().and_then(|pool| pool.clear()) {
                    Some(again) => next = again,
                    None => return,
                }
            }
        }));
    }

    /// Lets go of what nobody has used for its time, and says when to look again, if at all.
    fn clear(&self) -> Option<Instant> {
        let mut gone = Vec::new();
        let mut state = self.state();
        let again = state.kind.clear(Instant::now(), &mut gone);
        // Who asks is the reaper, which ends then.
        let reaper = if again.is_none() { state.reaper.take() } else { None };
        drop(state);
        drop((gone, reaper));
        again
    }
}

impl State {
    fn taken(&self) -> usize {
        match &self.kind {
            Kind::Single(single) => single.taken(),
            Kind::Shared(shared) => shared.taken(),
        }
    }

    fn waiting(&self) -> usize {
        match &self.kind {
            Kind::Single(single) => single.waiting(),
            Kind::Shared(shared) => shared.waiting(),
        }
    }
}

impl Kind {
    fn pump(&mut self, now: Instant, gone: &mut Vec<Connection>) -> Option<Handed<Connection>> {
        match self {
            Kind::Single(single) => single.pump(now, gone),
            Kind::Shared(shared) => shared.pump(now, gone),
        }
    }

    fn clear(&mut self, now: Instant, gone: &mut Vec<Connection>) -> Option<Instant> {
        match self {
            Kind::Single(single) => single.clear(now, gone),
            Kind::Shared(shared) => shared.clear(now, gone),
        }
    }

    fn close(&mut self, gone: &mut Vec<Connection>) -> Vec<oneshot::Sender<Grant<Connection>>> {
        match self {
            Kind::Single(single) => single.close(gone),
            Kind::Shared(shared) => shared.close(gone),
        }
    }
}
