//! kit's balanced client, as it comes.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use kit::client::{BalancedSlots, Client, Endpointed};
use kit::codec::Json;
use kit::discovery::Fixed;
use kit::http::client::{Binding, Channel, Picked, post};
use kit::log::{Config, Logger};
use kit::metrics::Registry;
use kit::{Context, Endpoint as _};

use super::{Caller, HELLO, Text, Value};
use crate::task::UPPERCASE;

/// The endpoint of the task, in the default stack.
type Uppercase = Endpointed<BalancedSlots<Channel>, Binding<Text, Value, Json, Picked>>;

/// kit's client over fixed instances, with all defaults: found, balanced, ejected, a breaker for each, repeated within a budget, counted;
/// with `LOGS`, a line a call to `/dev/null` too.
pub struct Kit<const LOGS: bool> {
    uppercase: Arc<Uppercase>,
}

impl<const LOGS: bool> Clone for Kit<LOGS> {
    fn clone(&self) -> Self {
        Self { uppercase: Arc::clone(&self.uppercase) }
    }
}

impl<const LOGS: bool> Caller for Kit<LOGS> {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let log = match LOGS {
            true => {
                Config::default().logger(File::options().write(true).open("/dev/null")?).map_err(io::Error::other)?
            }
            false => Logger::discard(),
        };
        let servers: Vec<String> = servers.iter().map(SocketAddr::to_string).collect();
        let source = Fixed::parse("bench", &servers.join(",")).map_err(io::Error::other)?;
        let client = Client::http(source, &log, &Registry::new()).map_err(io::Error::other)?;
        let view = post(&UPPERCASE, Json).binding::<Value>().map_err(io::Error::other)?;
        let uppercase = Arc::new(client.endpoint(&UPPERCASE, view));
        client.ready().await.map_err(io::Error::other)?;
        Ok(Self { uppercase })
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        let mut cx = Context::new();
        let value = self.uppercase.call(&mut cx, HELLO).await.map_err(io::Error::other)?;
        cx.finish();
        value.check()
    }
}
