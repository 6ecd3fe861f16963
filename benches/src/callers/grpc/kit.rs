use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use kit::client::{self, BalancedSlots, Endpointed};
use kit::codec::Protobuf;
use kit::discovery::Fixed;
use kit::grpc::client::{Binding, Unary, unary};
use kit::http::client::{Channel, Client, Config, Picked};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{Child, Context, Endpoint};

use super::{check, first, hello};
use crate::callers::Caller;
use crate::task::UPPERCASE;
use crate::task::grpc::{Text, Value};

/// The endpoint of the task at one target, and inside the default stack.
type AtTarget = Child<Binding<Unary, Value, Protobuf, Arc<Channel>>>;
type InStack = Endpointed<BalancedSlots<Channel>, Binding<Unary, Value, Protobuf, Picked>>;

/// kit's binding at one target: a pool, a deadline, what was not begun is sent again; no layer.
#[derive(Clone)]
pub struct Kit(Arc<AtTarget>);

/// The same inside the default stack, over an instance that is found: balanced, ejected, a breaker, repeated within a budget, counted; no line
/// a call.
#[derive(Clone)]
pub struct Balanced(Arc<InStack>);

impl Caller for Kit {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let client = Client::new(config()).map_err(io::Error::other)?;
        let target = format!("http://{}", first(servers)?).parse().map_err(io::Error::other)?;
        Ok(Self(Arc::new(unary::<Value>(&UPPERCASE).endpoint(&client, &target).map_err(io::Error::other)?)))
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        ask(&self.0).await
    }
}

impl Caller for Balanced {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let source = Fixed::parse("bench", &first(servers)?.to_string()).map_err(io::Error::other)?;
        let mut config = client::Config::default();
        config.connections.http2_only = true;
        let client = client::Client::builder(source).config(config);
        let client = client.start(&Logger::discard(), &Registry::new()).map_err(io::Error::other)?;
        let uppercase = Arc::new(client.endpoint(&UPPERCASE, unary::<Value>(&UPPERCASE)));
        client.ready().await.map_err(io::Error::other)?;
        Ok(Self(uppercase))
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        ask(&self.0).await
    }
}

async fn ask(uppercase: &impl Endpoint<Text, Response = Value>) -> io::Result<()> {
    let mut cx = Context::new();
    let value = uppercase.call(&mut cx, hello()).await.map_err(io::Error::other)?;
    cx.finish();
    check(value)
}

fn config() -> Config {
    Config { http2_only: true, ..Config::default() }
}
