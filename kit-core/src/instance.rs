//! One address that answers for a service, and the channel that is made to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Error;
use crate::health::Status;

/// One address that answers for a service, as discovery found it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// Its name, unique within the service: what balancers, ledgers and [`Attempts`](crate::Attempts) call it.
    pub id: Arc<str>,
    /// `host:port`, an IPv6 host in brackets.
    pub address: Arc<str>,
    /// Instances of the lowest number are called first (RFC 2782). Default 0.
    pub priority: u16,
    /// Its share among those of one priority. Default 1.
    pub weight: u32,
    /// Where it stands.
    pub zone: Option<Arc<str>>,
    /// Words that it was registered with.
    pub tags: Vec<Arc<str>>,
    /// Pairs that it was registered with.
    pub metadata: BTreeMap<Arc<str>, Arc<str>>,
    /// What discovery says of it. Default [`Status::Healthy`]; sources that are set to healthy ones alone give no other.
    pub health: Status,
}

impl Instance {
    /// An instance at `address`, named by it.
    pub fn new(address: impl Into<Arc<str>>) -> Self {
        let address = address.into();
        Self {
            id: Arc::clone(&address),
            address,
            priority: 0,
            weight: 1,
            zone: None,
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            health: Status::Healthy,
        }
    }
}

/// Makes one channel per instance, outside any lock.
pub trait Factory: Send + Sync {
    /// What it makes: methods are views on it.
    type Channel: Channel;

    /// Makes the channel of `instance`. It may connect, or wait for the first call to.
    ///
    /// # Errors
    /// The instance cannot be used as it is; the caller tries again later, with back-off.
    ///
    /// # Cancel safety
    /// Dropped before it is there, when it takes too long or the instance has left, a channel leaves nothing behind.
    fn make(&self, instance: &Instance) -> impl Future<Output = Result<Self::Channel, Error>> + Send;
}

/// The connections to one instance.
pub trait Channel: Send + Sync + 'static {
    /// Closes them. Calls in flight were drained before; what is left is cut. It is called once, and nothing is sent after it; what has
    /// taken too long is dropped, and the channel with it.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// A request whose instance has been picked: what the endpoints inside a balancer are called with.
///
/// Layers of any request stand round them as they do anywhere, and those that care for the instance read it here. Innermost is
/// what sends [`request`](Self::request) over [`channel`](Self::channel): a method's view on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed<C, Req> {
    /// Who was picked.
    pub instance: Arc<Instance>,
    /// The way there.
    pub channel: C,
    /// What is asked.
    pub request: Req,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Line(AtomicBool);

    impl Channel for Line {
        async fn close(&self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    struct Lines;

    impl Factory for Lines {
        type Channel = Line;

        async fn make(&self, instance: &Instance) -> Result<Line, Error> {
            if instance.address.contains(':') {
                Ok(Line(AtomicBool::new(false)))
            } else {
                Err(Error::invalid_argument("no port"))
            }
        }
    }

    #[tokio::test]
    async fn a_factory_makes_a_channel_that_can_be_closed() {
        let line = Lines.make(&Instance::new("[::1]:80")).await.unwrap();
        line.close().await;
        assert!(line.0.load(Ordering::Relaxed));
        assert!(Lines.make(&Instance::new("nowhere")).await.is_err());
    }
}
