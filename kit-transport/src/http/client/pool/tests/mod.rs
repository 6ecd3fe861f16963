//! What is decided about connections, without a socket: whatever calls and sockets do, in whatever order.

mod shared;
mod single;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::queue::Ticket;
use super::{Carrier, Grant};

/// A connection that is one because it says so.
#[derive(Clone, Debug)]
struct Fake {
    id: u64,
    ready: Arc<AtomicBool>,
    room: Arc<AtomicUsize>,
    expires: Option<Instant>,
    used: bool,
}

impl Fake {
    fn new(id: u64, room: usize) -> Self {
        let (ready, room) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(room)));
        Self { id, ready, room, expires: None, used: false }
    }

    fn die(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }
}

impl Carrier for Fake {
    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    fn expires(&self) -> Option<Instant> {
        self.expires
    }

    fn room(&self) -> usize {
        self.room.load(Ordering::Relaxed)
    }

    fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    fn share(&self, used: bool) -> Self {
        Self { used, ..self.clone() }
    }
}

/// What a waiting call has been granted by now.
fn fetch(ticket: &mut Ticket<Grant<Fake>>) -> Option<Grant<Fake>> {
    ticket.granted().try_recv().ok()
}

const SECOND: Duration = Duration::from_secs(1);
