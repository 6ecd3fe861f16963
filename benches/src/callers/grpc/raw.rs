use std::io;
use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message as _;
use tokio::net::TcpStream;

use super::{check, first, hello};
use crate::callers::Caller;
use crate::task::grpc::{PATH, Value};

/// A frame's head: whether it is compressed, and its length.
const HEAD: usize = 5;

/// hyper's HTTP/2 and prost by hand, on one connection: no deadline, nothing is sent again, and every error is one.
#[derive(Clone, Debug)]
pub struct Raw {
    sender: SendRequest<Full<Bytes>>,
    uri: Uri,
}

impl Caller for Raw {
    async fn open(servers: &[SocketAddr]) -> io::Result<Self> {
        let addr = first(servers)?;
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, uri: format!("http://{addr}{PATH}").parse().map_err(io::Error::other)? })
    }

    async fn own(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    async fn call(&mut self) -> io::Result<()> {
        let text = hello();
        let length = text.encoded_len();
        let mut frame = BytesMut::with_capacity(HEAD + length);
        frame.put_u8(0);
        frame.put_u32(u32::try_from(length).map_err(io::Error::other)?);
        text.encode_raw(&mut frame);
        let mut request = Request::new(Full::new(frame.freeze()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
        let response = self.sender.send_request(request).await.map_err(io::Error::other)?;
        if response.status() != StatusCode::OK {
            return Err(io::Error::other(response.status().to_string()));
        }
        let (mut message, mut well) = (None, false);
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            match frame.map_err(io::Error::other)?.into_data() {
                Ok(data) => message = Some(data),
                Err(frame) => well = frame.trailers_ref().is_some_and(|trailers| trailers["grpc-status"] == "0"),
            }
        }
        let message = message.filter(|_| well).ok_or_else(|| io::Error::other("the call failed"))?;
        check(Value::decode(message.get(HEAD..).unwrap_or_default()).map_err(io::Error::other)?)
    }
}
