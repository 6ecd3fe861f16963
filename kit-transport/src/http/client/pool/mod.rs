//! The connections to one instance, for the calls to it.
//!
//! What is decided stands in [`single`] and [`shared`], which know neither sockets nor tasks: a call takes, gives back, waits,
//! leaves. Here it is carried out, outside the lock: sockets are opened, who waits is told, what is no longer wanted is dropped.
//! A [`Place`] lives as long as its socket, so what is counted is what is open.

mod grant;
mod lease;
mod place;
mod queue;
mod reap;
mod settings;
mod shared;
mod single;
mod sockets;
mod state;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::body::{Body as _, Incoming};
use kit_core::Error;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

pub(super) use self::grant::Carrier;
use self::grant::{Grant, Taken};
pub(in crate::http) use self::lease::Lease;
use self::lease::Lent;
pub(super) use self::lease::Stream;
pub(super) use self::place::Place;
use self::queue::Ticket;
pub(super) use self::settings::Settings;
use self::shared::Shared;
use self::single::Single;
use self::state::{Kind, State};
use self::wait::Waiting;
use super::connection::Connection;
use super::{Config, error};
use crate::http::Body;

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

/// How long a close waits for its sockets. They end as soon as their tasks run.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

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
}
