use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use super::Host;
use super::stats;

/// Where connections come from: a listener, or a test that plays one.
pub(super) trait Accept: Send {
    type Io: Send;

    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// Descriptors that come back are used within this.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Accepts one connection after another, whatever happens: a peer that went away costs nothing, descriptors that ran out are
/// waited for, and so is a place for one connection more.
pub(super) struct Door<A: Accept> {
    listener: A,
    /// Who waits for a place: one, so that no listener holds a place that it has nobody for.
    waiting: Option<(A::Io, SocketAddr)>,
    host: Arc<Host>,
    pause: Duration,
}

impl<A: Accept> Door<A> {
    pub(super) fn new(listener: A, host: Arc<Host>) -> Self {
        Self { listener, waiting: None, host, pause: SHORTEST_PAUSE }
    }

    /// The next connection, with its place.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait loses no connection.
    pub(super) async fn next(&mut self) -> (A::Io, SocketAddr, OwnedSemaphorePermit) {
        loop {
            if self.waiting.is_some() {
                let place = self.place().await;
                if let Some((io, peer)) = self.waiting.take() {
                    stats::add(&self.host.stats.counts().accepted);
                    return (io, peer, place);
                }
            }
            match self.listener.accept().await {
                Ok(accepted) => {
                    self.pause = SHORTEST_PAUSE;
                    self.waiting = Some(accepted);
                }
                Err(error) => {
                    stats::add(&self.host.stats.counts().accept_errors);
                    if !is_of_one_peer(&error) {
                        let _paused = Paused::new(&self.host);
                        sleep(self.pause).await;
                        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        let places = || Arc::clone(&self.host.places);
        if let Ok(place) = places().try_acquire_owned() {
            return place;
        }
        let _paused = Paused::new(&self.host);
        match places().acquire_owned().await {
            Ok(place) => place,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }
}

fn is_of_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// A listener that accepts nothing, while this lives.
struct Paused<'a>(&'a Host);

impl<'a> Paused<'a> {
    fn new(host: &'a Host) -> Self {
        stats::add(&host.stats.counts().accept_paused);
        stats::add(&host.stats.counts().accept_pauses);
        Self(host)
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        stats::take(&self.0.stats.counts().accept_paused);
    }
}
