use std::fmt;
use std::io;
use std::sync::Arc;

use http::HeaderValue;
use kit_core::Error;

use super::config::{Config, plain};
use super::dial::{Dial, Io, Tcp};
use super::{Announcement, ConsulRegistrar, ConsulSource, Query};
use crate::discovery::{Builder, Discovery};

/// A Consul agent, to follow services and to announce instances at. A clone is the same.
///
/// It holds no connection: each service that is followed and each instance that is announced has one of its own.
#[derive(Clone)]
pub struct Consul(Arc<Inner>);

struct Inner {
    config: Config,
    host: HeaderValue,
    token: Option<HeaderValue>,
    dial: Box<dyn Dial>,
}

impl Consul {
    /// The agent of these settings. Nothing is connected yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, by its name.
    pub fn new(config: Config) -> Result<Self, Error> {
        let (address, token) = config.check()?;
        let host = host(&address.to_string())?;
        Ok(Self(Arc::new(Inner { config, host, token, dial: Box::new(Tcp(address)) })))
    }

    /// The agent of these settings, by connections that `dial` opens; [`Config::address`] only says whom requests are
    /// for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn over(config: Config, dial: impl Dial) -> Result<Self, Error> {
        let (address, token) = config.check()?;
        let host = host(&address.to_string())?;
        Ok(Self(Arc::new(Inner { config, host, token, dial: Box::new(dial) })))
    }

    /// Follows `service`.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is none, and for a query out of its ranges, by the name of the setting.
    pub fn instancer(&self, service: &str, query: Query) -> Result<Builder<ConsulSource>, Error> {
        plain("service", service)?;
        Ok(Discovery::of(service, ConsulSource::new(self, service, query)?))
    }

    /// Announces instances of `service`.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is none, and for an announcement out of its ranges, by the name of the
    /// setting.
    pub fn registrar(&self, service: &str, announcement: Announcement) -> Result<ConsulRegistrar, Error> {
        plain("service", service)?;
        ConsulRegistrar::new(self, service, announcement)
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(super) fn host(&self) -> &HeaderValue {
        &self.0.host
    }

    pub(super) fn token(&self) -> Option<&HeaderValue> {
        self.0.token.as_ref()
    }

    pub(super) async fn dial(&self) -> io::Result<Box<dyn Io>> {
        self.0.dial.dial().await
    }
}

fn host(address: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(address).map_err(|_| Error::invalid_argument("address holds what no header may"))
}

impl fmt::Debug for Consul {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consul").field("config", &self.0.config).finish_non_exhaustive()
    }
}
