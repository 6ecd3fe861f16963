use std::fmt;
use std::sync::Arc;

use http::uri::Authority;
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Factory, Instance};

use super::channel::Face;
use super::pool::{Pool, Settings};
use super::{Channel, Config, Target};

/// Makes the [`Channel`] of each instance that discovery finds: what an endpointer takes.
///
/// Nothing is connected before the first call: that an instance answers is the word of its registry, and what is wrong with it the
/// balancer learns from the first call, which loses nothing by it since it may be made elsewhere. A connection that is opened to
/// each of a hundred instances on every change would mostly be closed unused.
///
/// As with a [`Client`](super::Client), each connection is a task, and so is what clears out the unused ones of a channel, on the
/// runtime of the call that needs them.
///
/// ```
/// use kit_core::{Channel as _, Error, Factory as _, Instance};
/// use kit_transport::http::client::{Channels, Config};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let channels = Channels::new(Config { max_connections: 20, ..Config::default() })?.path("/strings")?;
/// let channel = channels.make(&Instance::new("10.0.0.1:8080")).await?;
/// assert_eq!((channel.address(), channel.connections()), ("10.0.0.1:8080", 0));
/// channel.close().await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Channels {
    settings: Arc<Settings>,
    face: Face,
}

impl Channels {
    /// Channels of these settings; each has its own connections and limits.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, with its name and its range.
    pub fn new(config: Config) -> Result<Self, Error> {
        let settings = Arc::new(Settings::new(config, Arc::new(ThreadRandom))?);
        Ok(Self { settings, face: Face { prefix: "".into(), authority: None } })
    }

    /// Begins every path with this one, as in `/strings`. Default none.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path, or has a query.
    pub fn path(mut self, path: &str) -> Result<Self, Error> {
        let below = Target::parse(&format!("http://instance{path}"))?;
        if below.authority() != "instance" {
            let line = format!("the path {path:?} does not begin with a slash");
            return Err(Error::invalid_argument(line).with_reason("bad_path"));
        }
        self.face.prefix = Arc::clone(below.prefix());
        Ok(self)
    }

    /// Tells every instance that it is called by this name, `host` or `host:port`, as the `Host` header and `:authority`. Default its
    /// own address. Calls go to that in any case.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no host.
    pub fn authority(mut self, authority: &str) -> Result<Self, Error> {
        self.face.authority = Some(host(authority)?);
        Ok(self)
    }

    /// Where the spread of [`max_age`](Config::max_age) comes from. Default each thread's own generator.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.settings = Arc::new(self.settings.with_random(Arc::new(random)));
        self
    }

    /// Their settings.
    pub fn config(&self) -> &Config {
        &self.settings.config
    }
}

/// Fails with `InvalidArgument` for an address that is no `host:port`.
impl Factory for Channels {
    type Channel = Channel;

    async fn make(&self, instance: &Instance) -> Result<Channel, Error> {
        let pool = Pool::new(Arc::clone(&self.settings), host(&instance.address)?);
        Ok(Channel::new(Arc::new(pool), &self.face))
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channels").field(self.config()).finish()
    }
}

/// A host, with or without a port, and nothing else.
fn host(text: &str) -> Result<Authority, Error> {
    let target = Target::parse(&format!("http://{text}"))?;
    if target.authority() != text {
        let line = format!("the address {text:?} has more than a host and a port");
        return Err(Error::invalid_argument(line).with_reason("bad_target"));
    }
    Ok(target.host().clone())
}
