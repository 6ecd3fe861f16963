//! How sockets come to a pool and go from it.

use std::sync::Arc;

use kit_core::{BoxError, Error};
use tokio::time::Instant;
use tower_service::Service as _;

use super::Pool;
use super::grant::Grant;
use super::place::{Dialing, Place};
use super::state::Kind;
use crate::http::client::connection::Connection;
use crate::http::client::error;
use crate::http::client::wire::Meter;

impl Pool {
    pub(super) async fn open(&self, place: Place) -> Result<Connection, Error> {
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
    pub(super) fn dial(self: &Arc<Self>) {
        let dialing = Dialing::new(self);
        tokio::spawn(dialing.run());
    }

    pub(super) fn dialled(self: &Arc<Self>, opened: Result<Connection, Error>) {
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

    /// A socket is closed, or was never opened.
    pub(super) fn release(&self, socket: Option<u64>) {
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
    pub(super) fn opened(&self, meter: &Arc<Meter>) -> u64 {
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
}
