use std::sync::{Arc, Weak};

use tokio::runtime::Handle;

use super::{Carrier as _, Pool};
use crate::http::client::connection::Connection;

/// What an answer holds of its connection, until it has been read to its end or is dropped.
pub(in crate::http) struct Lease(#[expect(dead_code, reason = "it is held, and dropped")] Held);

enum Held {
    One(#[expect(dead_code, reason = "it is held, and dropped")] Lent),
    Many(#[expect(dead_code, reason = "it is held, and dropped")] Stream),
}

/// A connection that one call has to itself.
pub(super) struct Lent {
    pool: Weak<Pool>,
    /// None when it has been given back.
    connection: Option<Connection>,
}

/// One of the calls on a connection.
pub(in crate::http::client) struct Stream {
    pool: Weak<Pool>,
    line: u64,
}

impl Lent {
    pub(super) fn new(pool: &Arc<Pool>, connection: Connection) -> Self {
        Self { pool: Arc::downgrade(pool), connection: Some(connection) }
    }
}

impl Stream {
    pub(super) fn new(pool: &Arc<Pool>, line: u64) -> Self {
        Self { pool: Arc::downgrade(pool), line }
    }
}

impl From<Lent> for Lease {
    fn from(lent: Lent) -> Self {
        Self(Held::One(lent))
    }
}

impl From<Stream> for Lease {
    fn from(stream: Stream) -> Self {
        Self(Held::Many(stream))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut connection), Some(pool)) = (self.connection.take(), self.pool.upgrade()) else { return };
        if connection.is_ready() {
            return pool.keep(connection);
        }
        // Its task has a step to go, or is about to close it: that is asked outside, since a body may be dropped anywhere.
        let Ok(runtime) = Handle::try_current() else { return };
        let pool = Weak::clone(&self.pool);
        runtime.spawn(async move {
            if connection.ready().await
                && let Some(pool) = pool.upgrade()
            {
                pool.keep(connection);
            }
        });
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.left(self.line);
        }
    }
}
