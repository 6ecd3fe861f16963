use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Uri;
use http::uri::Authority;
use kit_core::Error;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use tower_service::Service as _;

use super::connect::Connector;
use super::connection::Connection;
use super::{Config, error};

/// The connections that are open, by host.
///
/// HTTP/1.1 has one for each call that is under way, and keeps those that are not used for the next; the one that was used last is
/// taken first, so that a burst's surplus grows old and goes. HTTP/2 has one, and calls that need it while it is being made wait for
/// it together.
pub(super) struct Hosts {
    connector: Connector,
    config: Config,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hosts: HashMap<Authority, Host>,
    /// What clears out; it ends when there is nothing to clear out any more.
    reaper: Option<AbortHandle>,
}

#[derive(Default)]
struct Host {
    /// Connections that nobody uses, the last used one at the end.
    idle: Vec<Idle>,
    shared: Shared,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
enum Shared {
    #[default]
    None,
    Connecting(Made),
    Open(Idle),
}

/// The connection that is being made, once it is.
type Made = watch::Receiver<Option<Result<Connection, Error>>>;

/// Nobody makes a connection any more.
#[derive(Debug, thiserror::Error)]
#[error("the runtime that was connecting has ended")]
struct Abandoned;

impl Hosts {
    pub(super) fn new(config: Config) -> Self {
        Self { connector: Connector::new(&config), config, state: Mutex::default() }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// A connection to `host`; one that nobody has used yet, if it must be `fresh`.
    pub(super) async fn connection(self: &Arc<Self>, host: &Authority, fresh: bool) -> Result<Connection, Error> {
        if self.config.http2_only {
            return self.shared(host).await;
        }
        let unused = if fresh { None } else { self.unused(host) };
        match unused {
            Some(connection) => Ok(connection),
            None => self.connect(host).await,
        }
    }

    /// Takes back a connection of a call whose answer has begun, as soon as the answer is read to its end.
    pub(super) fn give_back(self: &Arc<Self>, host: &Authority, mut connection: Connection) {
        if self.config.http2_only {
            return;
        }
        if connection.is_ready() {
            return self.keep(host, connection);
        }
        let (hosts, host) = (Arc::downgrade(self), host.clone());
        tokio::spawn(async move {
            if connection.ready().await
                && let Some(hosts) = hosts.upgrade()
            {
                hosts.keep(&host, connection);
            }
        });
    }

    /// Hands a connection out no more. Calls that are on it go on.
    pub(super) fn retire(&self, host: &Authority, connection: &Connection) {
        let mut state = self.state();
        let Some(host) = state.hosts.get_mut(host) else { return };
        let retired = matches!(&host.shared, Shared::Open(open) if open.connection.is(connection));
        let open = if retired { std::mem::take(&mut host.shared) } else { Shared::None };
        drop(state);
        drop(open);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that panics is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, host: &Authority) -> Result<Connection, Error> {
        let uri = Uri::builder().scheme("http").authority(host.clone()).path_and_query("/").build();
        let uri = uri.expect("a URI with scheme, authority and path is whole");
        let connecting = self.connector.clone().call(uri);
        let unreachable = |cause| error::unreachable(cause, host);
        let stream = connecting.await.map_err(unreachable)?;
        Connection::open(stream, &self.config).await.map_err(unreachable)
    }

    fn unused(&self, host: &Authority) -> Option<Connection> {
        let now = Instant::now();
        loop {
            let idle = self.state().hosts.get_mut(host)?.idle.pop()?;
            if idle.connection.is_ready() && idle.since + self.config.idle_timeout > now {
                return Some(idle.connection);
            }
        }
    }

    fn keep(self: &Arc<Self>, host: &Authority, mut connection: Connection) {
        connection.reused = true;
        let mut state = self.state();
        let idle = &mut state.hosts.entry(host.clone()).or_default().idle;
        if idle.len() < self.config.max_idle_per_host {
            idle.push(Idle { connection, since: Instant::now() });
            self.clear_out(&mut state);
        }
    }

    async fn shared(self: &Arc<Self>, host: &Authority) -> Result<Connection, Error> {
        let mut made = match self.find_shared(host) {
            Ok(connection) => return Ok(connection),
            Err(made) => made,
        };
        match made.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(connection))) => Ok(connection.shared(false)),
            Ok(Some(Err(error))) => Err(error.clone()),
            // The runtime that it was made on has ended.
            Ok(None) | Err(_) => Err(error::unreachable(Abandoned.into(), host)),
        }
    }

    /// The connection to `host`, or what tells when it is made.
    fn find_shared(self: &Arc<Self>, host: &Authority) -> Result<Connection, Made> {
        let mut state = self.state();
        let shared = &mut state.hosts.entry(host.clone()).or_default().shared;
        match shared {
            Shared::Open(open) if open.connection.is_ready() => {
                open.since = Instant::now();
                return Ok(open.connection.shared(true));
            }
            // A task that is gone makes nothing any more.
            Shared::Connecting(made) if made.has_changed().is_ok() => return Err(made.clone()),
            Shared::None | Shared::Open(_) | Shared::Connecting(_) => {}
        }
        let (tell, made) = watch::channel(None);
        *shared = Shared::Connecting(made.clone());
        drop(state);
        let (hosts, host) = (Arc::clone(self), host.clone());
        // A task, since whoever began may leave before the others who wait. It ends by the limit of connecting.
        tokio::spawn(async move {
            let connected = hosts.connect(&host).await;
            let mut state = hosts.state();
            state.hosts.entry(host).or_default().shared = match &connected {
                Ok(connection) => Shared::Open(Idle { connection: connection.shared(true), since: Instant::now() }),
                Err(_) => Shared::None,
            };
            hosts.clear_out(&mut state);
            drop(state);
            tell.send_replace(Some(connected));
        });
        Err(made)
    }

    /// Sees to it that what is kept is not kept too long.
    fn clear_out(self: &Arc<Self>, state: &mut State) {
        if state.reaper.as_ref().is_some_and(|reaper| !reaper.is_finished()) {
            return;
        }
        let (hosts, timeout) = (Arc::downgrade(self), self.config.idle_timeout);
        let reaping = tokio::spawn(async move {
            let mut next = Instant::now() + timeout;
            loop {
                sleep_until(next).await;
                let Some(hosts) = hosts.upgrade() else { return };
                let mut state = hosts.state();
                match state.clear(Instant::now(), timeout) {
                    Some(oldest) => next = oldest + timeout,
                    None => {
                        state.reaper = None;
                        return;
                    }
                }
            }
        });
        state.reaper = Some(reaping.abort_handle());
    }
}

impl State {
    /// Drops what nobody has used for `timeout`, and says since when the oldest of the rest is unused.
    fn clear(&mut self, now: Instant, timeout: std::time::Duration) -> Option<Instant> {
        let old = |idle: &Idle| idle.since + timeout <= now || !idle.connection.is_ready();
        let mut oldest = None;
        self.hosts.retain(|_, host| {
            host.idle.retain(|idle| !old(idle));
            if matches!(&host.shared, Shared::Open(open) if old(open)) {
                host.shared = Shared::None;
            }
            let open = if let Shared::Open(open) = &host.shared { Some(open) } else { None };
            let first = host.idle.first().into_iter().chain(open).map(|idle| idle.since).min();
            oldest = oldest.into_iter().chain(first).min();
            first.is_some() || matches!(host.shared, Shared::Connecting(_))
        });
        oldest
    }
}

/// The last clone of a client leaves no task behind.
impl Drop for Hosts {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(reaper) = state.reaper.take() {
            reaper.abort();
        }
    }
}
