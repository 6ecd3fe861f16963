//! hyper-util's pool and a loop round it: what most clients in Rust are made of.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Caller, HELLO, Turns, Value};
use crate::task::PATH;

/// hyper-util's pool, and each server in turn: no retry, no deadline, no breaker, no metrics, nobody found.
#[derive(Clone, Debug)]
pub struct Pool {
    client: Client<HttpConnector, Full<Bytes>>,
    servers: Arc<Turns<Uri>>,
}

impl Caller for Pool {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let uri = |addr: &SocketAddr| format!("http://{addr}{PATH}").parse().map_err(io::Error::other);
        let servers = Turns::of(servers.iter().map(uri).collect::<io::Result<_>>()?);
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), servers })
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        let response = self.client.request(request(self.servers.take().clone())?).await.map_err(io::Error::other)?;
        if response.status() != StatusCode::OK {
            return Err(io::Error::other(response.status().to_string()));
        }
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        serde_json::from_slice::<Value>(&body)?.check()
    }
}

pub(super) fn request(uri: Uri) -> io::Result<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::from(serde_json::to_vec(&HELLO)?));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}
