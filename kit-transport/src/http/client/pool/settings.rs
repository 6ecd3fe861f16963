use std::sync::Arc;

use kit_core::Error;
use kit_core::sources::Random;
use tokio::time::Instant;

use crate::http::client::Config;
use crate::http::client::connect::Connector;

/// What all pools of a client, or of a factory of channels, have in common.
pub(in crate::http::client) struct Settings {
    pub(in crate::http::client) config: Config,
    pub(super) connector: Connector,
    random: Arc<dyn Random>,
}

impl Settings {
    pub(in crate::http::client) fn new(config: Config, random: Arc<dyn Random>) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { connector: Connector::new(&config), config, random })
    }

    pub(in crate::http::client) fn with_random(&self, random: Arc<dyn Random>) -> Self {
        Self { config: self.config.clone(), connector: self.connector.clone(), random }
    }

    /// When a connection that is opened now is too old. A tenth of the time is chance: those opened together do not end together.
    pub(super) fn expires(&self) -> Option<Instant> {
        let age = self.config.max_age?;
        Instant::now().checked_add(age - self.random.jitter(age / 10))
    }
}
