//! tonic with its own transport: the service is what its generator would write.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::task::grpc::{PATH, Text, Value, uppercase};

/// Serves until accepting fails.
///
/// # Errors
/// What serving failed with.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder().add_service(Strings).serve_with_incoming(incoming).await.map_err(io::Error::other)
}

#[derive(Clone)]
struct Strings;

impl NamedService for Strings {
    const NAME: &'static str = "stringsvc";
}

impl Service<http::Request<Body>> for Strings {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != PATH {
            return Box::pin(ready(Ok(Status::unimplemented("no such method").into_http())));
        }
        Box::pin(async { Ok(Grpc::new(ProstCodec::<Value, Text>::default()).unary(Uppercase, request).await) })
    }
}

struct Uppercase;

impl UnaryService<Text> for Uppercase {
    type Response = Value;
    type Future = Ready<Result<Response<Value>, Status>>;

    fn call(&mut self, request: Request<Text>) -> Self::Future {
        let value = uppercase(request.into_inner());
        ready(value.map(Response::new).ok_or_else(|| Status::invalid_argument("the string is empty")))
    }
}
