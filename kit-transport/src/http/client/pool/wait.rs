use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use kit_core::Error;
use tokio::time::Instant;

use super::queue::Ticket;
use super::{Grant, Pool};
use crate::http::client::connection::Connection;
use crate::http::client::error;

/// A call that waits for a connection. However it ends, what it did not fetch is the next one's.
pub(super) struct Waiting<'a> {
    pool: &'a Arc<Pool>,
    ticket: Ticket<Grant<Connection>>,
    fetched: bool,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(pool: &'a Arc<Pool>, ticket: Ticket<Grant<Connection>>) -> Self {
        Self { pool, ticket, fetched: false }
    }

    /// Waits for its turn, until the deadline: whoever ends the call then polls once more, and gets the reason.
    pub(super) async fn granted(mut self, deadline: Instant) -> Result<Grant<Connection>, Error> {
        let began = Instant::now();
        let granted = poll_fn(|task| match Pin::new(self.ticket.granted()).poll(task) {
            Poll::Ready(granted) => Poll::Ready(granted.ok()),
            Poll::Pending if Instant::now() >= deadline => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        self.fetched = granted.is_some();
        granted.ok_or_else(|| error::not_in_time(began.elapsed(), self.pool.address()))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.fetched {
            self.pool.leave(&mut self.ticket);
        }
    }
}
