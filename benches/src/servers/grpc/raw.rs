//! hyper's HTTP/2 and prost by hand: what a call costs that nothing is added to.

use std::convert::Infallible;
use std::io;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message as _;
use tokio::net::TcpListener;

use crate::task::grpc::{PATH, Text, uppercase};

/// A frame's head: whether it is compressed, and its length.
const HEAD: usize = 5;

type Trailers = std::future::Ready<Option<Result<HeaderMap, Infallible>>>;

/// Serves until accepting fails.
///
/// # Errors
/// What accepting failed with.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<WithTrailers<Full<Bytes>, Trailers>>, Infallible> {
    if request.uri().path() != PATH {
        return Ok(response(Bytes::new(), "12"));
    }
    let Ok(body) = request.into_body().collect().await else { return Ok(response(Bytes::new(), "13")) };
    let body = body.to_bytes();
    let text = body.get(HEAD..).and_then(|message| Text::decode(message).ok());
    let Some(value) = text.and_then(uppercase) else { return Ok(response(Bytes::new(), "3")) };
    let length = value.encoded_len();
    let mut frame = BytesMut::with_capacity(HEAD + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    value.encode_raw(&mut frame);
    Ok(response(frame.freeze(), "0"))
}

fn response(frame: Bytes, status: &'static str) -> Response<WithTrailers<Full<Bytes>, Trailers>> {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    let body = Full::new(frame).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
