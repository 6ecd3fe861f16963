//! hyper by hand: what a request costs that nothing is added to.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

use crate::task::{self, PATH};

/// Serves until accepting fails.
///
/// # Errors
/// What accepting failed with.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let builder = builder();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).into_owned();
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// HTTP/1.1 and HTTP/2 on one port, with the timer that kit's server has: no server may go without.
pub fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    builder.http2().timer(TokioTimer::new());
    builder
}

/// The task.
///
/// # Errors
/// None.
pub async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::POST || request.uri().path() != PATH {
        return Ok(refused(StatusCode::NOT_FOUND));
    }
    let Ok(body) = request.into_body().collect().await else { return Ok(refused(StatusCode::BAD_REQUEST)) };
    let value = serde_json::from_slice(&body.to_bytes()).ok().and_then(task::uppercase);
    let Some(Ok(json)) = value.map(|value| serde_json::to_vec(&value)) else {
        return Ok(refused(StatusCode::BAD_REQUEST));
    };
    let mut response = Response::new(Full::from(json));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
