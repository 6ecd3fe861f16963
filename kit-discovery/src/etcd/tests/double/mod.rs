//! An etcd in memory: keys with revisions and a history, leases, watches; and the lines to it, which can be frozen and
//! cut. It speaks the real protocol, by the stubs that etcd-client is generated from, on tonic's server.

mod line;
mod service;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tonic::transport::Endpoint;

pub(super) use self::line::Line;
use self::line::Server;
pub(super) use self::service::Order;
pub(super) use self::store::Store;
use crate::etcd::client::{Dial, Dialled};
use crate::etcd::{Config, Etcd};

/// Members that share what they hold, each at the end of a line of its own: `http://m0:1`, `http://m1:1` …
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) store: Store,
    servers: Arc<Mutex<BTreeMap<String, Server>>>,
}

impl Cluster {
    pub(super) fn of(members: usize) -> Self {
        let store = Store::new();
        let servers = (0..members).map(|n| (format!("m{n}"), Server::start(store.clone()))).collect();
        Self { store, servers: Arc::new(Mutex::new(servers)) }
    }

    pub(super) fn etcd(&self) -> Etcd {
        self.with(Config::default())
    }

    /// With these settings, the endpoints apart.
    pub(super) fn with(&self, config: Config) -> Etcd {
        let endpoints = self.servers.lock().unwrap().keys().map(|name| format!("{name}:1")).collect();
        Etcd::dialled(Config { endpoints, ..config }, self.clone()).unwrap()
    }

    /// What becomes of the lines to all members.
    pub(super) fn lines(&self, line: Line) {
        self.servers.lock().unwrap().values().for_each(|server| server.line(line));
    }

    /// The same for the members that somebody is connected to; how many they are.
    pub(super) fn lines_in_use(&self, line: Line) -> usize {
        let servers = self.servers.lock().unwrap();
        servers.values().filter(|server| server.connections() > 0).map(|server| server.line(line)).count()
    }

    /// Open connections to all members.
    pub(super) fn connections(&self) -> usize {
        self.servers.lock().unwrap().values().map(Server::connections).sum()
    }
}

impl Dial for Cluster {
    fn dial(&self, endpoint: Endpoint) -> Dialled {
        let host = endpoint.uri().host().unwrap().to_owned();
        let wire = self.servers.lock().unwrap()[&host].wire();
        Box::pin(async move { endpoint.connect_with_connector(wire).await })
    }
}
