use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use etcd_client::{Channel, Client, ConnectOptions};
use kit_core::sources::{Random as _, ThreadRandom};
use kit_core::{Code, Error};
use tokio::time::timeout;
use tonic::transport::Endpoint;

use super::config::Config;
use super::error::{failed, late};
use super::prefix::Prefix;
use super::registrar::EtcdRegistrar;
use super::source::EtcdSource;
use crate::discovery::{Builder, Discovery};

/// A cluster of etcd. It connects to nothing by itself; a clone is the same cluster.
#[derive(Clone)]
pub struct Etcd(Arc<Inner>);

struct Inner {
    config: Config,
    urls: Vec<String>,
    dial: Box<dyn Dial>,
}

impl Etcd {
    /// A cluster with these endpoints, separated by commas.
    ///
    /// # Errors
    /// `InvalidArgument` for no endpoint, and for one that is none.
    pub fn new(endpoints: &str) -> Result<Self, Error> {
        let endpoints = endpoints.split(',').map(str::trim).filter(|endpoint| !endpoint.is_empty());
        Self::with(Config { endpoints: endpoints.map(str::to_owned).collect(), ..Config::default() })
    }

    /// A cluster with these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range or without effect, and for a certificate that cannot be read.
    pub fn with(config: Config) -> Result<Self, Error> {
        Self::dialled(config, Tcp)
    }

    pub(super) fn dialled(config: Config, dial: impl Dial) -> Result<Self, Error> {
        let urls = config.check()?;
        Ok(Self(Arc::new(Inner { config, urls, dial: Box::new(dial) })))
    }

    /// Follows the instances below `prefix`, which is the service's name too.
    ///
    /// # Errors
    /// `InvalidArgument` for a prefix that is empty, ends in an empty part, has control characters, or is longer than
    /// 1 KiB.
    pub fn instancer(&self, prefix: &str) -> Result<Builder<EtcdSource>, Error> {
        let prefix = Prefix::new(prefix)?;
        Ok(Discovery::of(prefix.to_string(), EtcdSource::new(self.clone(), prefix)))
    }

    /// Announces instances below `prefix`.
    ///
    /// # Errors
    /// As [`instancer`](Self::instancer).
    pub fn registrar(&self, prefix: &str) -> Result<EtcdRegistrar, Error> {
        Ok(EtcdRegistrar::new(self.clone(), Prefix::new(prefix)?))
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(super) fn endpoints(&self) -> usize {
        self.0.urls.len()
    }

    /// Any of the endpoints, so that many clients do not begin at the same.
    pub(super) fn anywhere(&self) -> usize {
        ThreadRandom.below(self.0.urls.len() as u64) as usize
    }

    /// A new connection to the endpoint whose turn it is, authenticated.
    pub(super) async fn connect(&self, turn: usize) -> Result<Client, Error> {
        let url = &self.0.urls[turn % self.0.urls.len()];
        let limit = self.0.config.connect;
        let connected = timeout(limit, self.open(url)).await.unwrap_or_else(|_| Err(late(limit, "connecting to etcd")));
        connected.map_err(|error| error.with_field("endpoint", url))
    }

    async fn open(&self, url: &str) -> Result<Client, Error> {
        let doing = "connecting to etcd";
        let refused = |error: tonic::transport::Error| {
            Error::boundary(Code::Unavailable, error).with_message(format!("{doing} failed"))
        };
        let config = &self.0.config;
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(refused)?
            .connect_timeout(config.connect)
            .http2_keep_alive_interval(config.keep_alive)
            .keep_alive_timeout(config.keep_alive_timeout)
            // A registration is silent between two renewals.
            .keep_alive_while_idle(true);
        let endpoint = self.secured(endpoint, url).await?;
        let channel = self.0.dial.dial(endpoint).await.map_err(refused)?;
        // A server without a leader says so at once rather than wait for one.
        let mut options = ConnectOptions::new().with_require_leader(true).with_auto_token_refresh(true);
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            options = options.with_user(user, password);
        }
        Client::from_channel(Channel::Tonic(channel), Some(options)).await.map_err(|error| failed(doing, error))
    }

    #[cfg(feature = "etcd-tls")]
    async fn secured(&self, endpoint: Endpoint, url: &str) -> Result<Endpoint, Error> {
        if !url.starts_with("https://") {
            return Ok(endpoint);
        }
        let tls = self.0.config.tls.clone();
        let options =
            tokio::task::spawn_blocking(move || super::tls::Tls::load(tls.as_ref())).await.map_err(Error::bug)??;
        endpoint.tls_config(options).map_err(|error| {
            Error::boundary(Code::InvalidArgument, error).with_message("the certificates cannot be used")
        })
    }

    #[cfg(not(feature = "etcd-tls"))]
    async fn secured(&self, endpoint: Endpoint, _url: &str) -> Result<Endpoint, Error> {
        Ok(endpoint)
    }
}

/// How a channel to an endpoint is made.
pub(super) trait Dial: Send + Sync + 'static {
    fn dial(&self, endpoint: Endpoint) -> Dialled;
}

pub(super) type Dialled =
    Pin<Box<dyn Future<Output = Result<tonic::transport::Channel, tonic::transport::Error>> + Send>>;

struct Tcp;

impl Dial for Tcp {
    fn dial(&self, endpoint: Endpoint) -> Dialled {
        Box::pin(async move { endpoint.connect().await })
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Etcd").field(&self.0.config).finish()
    }
}
