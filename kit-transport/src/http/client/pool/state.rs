use std::collections::BTreeMap;
use std::sync::Arc;

use kit_core::task::Owned;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::grant::{Grant, Handed};
use super::shared::Shared;
use super::single::Single;
use crate::http::client::connection::Connection;
use crate::http::client::wire::Meter;

/// What a pool holds, under its lock.
pub(super) struct State {
    pub(super) kind: Kind,
    /// The open sockets, so that they can be cut.
    pub(super) sockets: BTreeMap<u64, Arc<Meter>>,
    pub(super) next_socket: u64,
    pub(super) closed: bool,
    /// What clears out; it ends when there is nothing to clear out any more.
    pub(super) reaper: Option<Owned<()>>,
}

/// How its connections carry calls.
pub(super) enum Kind {
    Single(Single<Connection>),
    Shared(Shared<Connection>),
}

impl State {
    pub(super) fn taken(&self) -> usize {
        match &self.kind {
            Kind::Single(single) => single.taken(),
            Kind::Shared(shared) => shared.taken(),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        match &self.kind {
            Kind::Single(single) => single.waiting(),
            Kind::Shared(shared) => shared.waiting(),
        }
    }
}

impl Kind {
    pub(super) fn pump(&mut self, now: Instant, gone: &mut Vec<Connection>) -> Option<Handed<Connection>> {
        match self {
            Kind::Single(single) => single.pump(now, gone),
            Kind::Shared(shared) => shared.pump(now, gone),
        }
    }

    pub(super) fn clear(&mut self, now: Instant, gone: &mut Vec<Connection>) -> Option<Instant> {
        match self {
            Kind::Single(single) => single.clear(now, gone),
            Kind::Shared(shared) => shared.clear(now, gone),
        }
    }

    pub(super) fn close(&mut self, gone: &mut Vec<Connection>) -> Vec<oneshot::Sender<Grant<Connection>>> {
        match self {
            Kind::Single(single) => single.close(gone),
            Kind::Shared(shared) => shared.close(gone),
        }
    }
}
