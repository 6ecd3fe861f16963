use std::sync::{Arc, Weak};

use kit_core::Error;

use super::Pool;
use crate::http::client::connection::Connection;
use crate::http::client::error;
use crate::http::client::wire::Meter;

/// The right to one socket. It is given back when the socket is closed, and not before.
pub(in crate::http::client) struct Place {
    /// A connection's task does not keep its pool.
    pool: Weak<Pool>,
    socket: Option<u64>,
}

impl Place {
    /// The place that `pool` has granted.
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        Self { pool: Arc::downgrade(pool), socket: None }
    }

    /// Notes the socket, so that it can be cut.
    pub(in crate::http::client) fn opened(&mut self, meter: &Arc<Meter>) {
        self.socket = self.pool.upgrade().map(|pool| pool.opened(meter));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.release(self.socket);
        }
    }
}

/// A connection that is being opened for whoever waits for it. They are told in any case.
pub(super) struct Dialing {
    pool: Arc<Pool>,
    place: Option<Place>,
    result: Option<Result<Connection, Error>>,
}

/// Nobody opens a connection any more.
#[derive(Debug, thiserror::Error)]
#[error("the runtime that was connecting has ended")]
struct Abandoned;

impl Dialing {
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        Self { pool: Arc::clone(pool), place: Some(Place::new(pool)), result: None }
    }

    pub(super) async fn run(mut self) {
        if let Some(place) = self.place.take() {
            self.result = Some(self.pool.open(place).await);
        }
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        let abandoned = || Err(error::unreachable(Abandoned.into(), self.pool.address()));
        let result = self.result.take().unwrap_or_else(abandoned);
        self.place = None;
        self.pool.dialled(result);
    }
}
