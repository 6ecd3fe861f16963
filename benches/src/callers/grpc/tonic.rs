use std::io;
use std::net::SocketAddr;

use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{GrpcMethod, Request};
use tonic_prost::ProstCodec;

use super::{check, first, hello};
use crate::callers::Caller;
use crate::task::grpc::{PATH, Text, Value};

/// tonic's client and its own channel, on one connection: what its generator would write.
#[derive(Clone, Debug)]
pub struct Tonic(Grpc<Channel>);

impl Caller for Tonic {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{}", first(servers)?)).map_err(io::Error::other)?;
        Ok(Self(Grpc::new(endpoint.connect().await.map_err(io::Error::other)?)))
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        self.0.ready().await.map_err(io::Error::other)?;
        let mut request = Request::new(hello());
        request.extensions_mut().insert(GrpcMethod::new("stringsvc", "uppercase"));
        let codec = ProstCodec::<Text, Value>::default();
        let answer = self.0.unary(request, PathAndQuery::from_static(PATH), codec).await;
        check(answer.map_err(io::Error::other)?.into_inner())
    }
}
