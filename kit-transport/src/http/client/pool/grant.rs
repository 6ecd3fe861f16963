use kit_core::Error;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::queue::Ticket;

/// What a pool has to know of a connection.
pub(in crate::http::client) trait Carrier: Sized {
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
pub(super) enum Grant<C> {
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
pub(super) enum Taken<C> {
    /// It has what it wants.
    Granted(Grant<C>),
    /// It waits for its turn.
    Waits(Ticket<Grant<C>>),
    /// Too many wait.
    Full,
}

/// What is handed to whom.
pub(super) type Handed<C> = (oneshot::Sender<Grant<C>>, Grant<C>);
