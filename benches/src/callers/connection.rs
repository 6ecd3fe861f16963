//! A connection of hyper's for each caller: what a call costs that shares nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::pool::request;
use super::{Caller, Turns, Value};
use crate::task::PATH;

/// A caller with a connection of its own to one of the servers. Nothing is chosen, and nothing is made anew.
#[derive(Debug)]
pub struct Connection {
    servers: Arc<Turns<SocketAddr>>,
    sender: Option<SendRequest<Full<Bytes>>>,
    host: HeaderValue,
}

impl Clone for Connection {
    /// Without the connection, which nobody shares.
    fn clone(&self) -> Self {
        Self { servers: Arc::clone(&self.servers), sender: None, host: self.host.clone() }
    }
}

impl Caller for Connection {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        Ok(Self { servers: Turns::of(servers.to_vec()), sender: None, host: HeaderValue::from_static("127.0.0.1") })
    }

    async fn own(&self) -> io::Result<Self> {
        let stream = TcpStream::connect(self.servers.take()).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender: Some(sender), ..self.clone() })
    }

    async fn call(&mut self) -> io::Result<()> {
        let sender = self.sender.as_mut().ok_or_else(|| io::Error::other("a caller without a connection"))?;
        let mut request = request(Uri::from_static(PATH))?;
        request.headers_mut().insert(HOST, self.host.clone());
        sender.ready().await.map_err(io::Error::other)?;
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        if response.status() != StatusCode::OK {
            return Err(io::Error::other(response.status().to_string()));
        }
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        serde_json::from_slice::<Value>(&body)?.check()
    }
}
