use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use kit_core::task::Owned;
use kit_core::{Code, Error};
use tokio::time::timeout;

use super::client::Consul;
use super::error::{broken, refused};
use super::url::Target;

const TOKEN: HeaderName = HeaderName::from_static("x-consul-token");

/// One connection to Consul, kept from one request to the next and opened again when it is gone.
///
/// It has one owner, who asks one thing at a time. A request that is dropped before its answer is read takes its
/// connection with it: nothing of it is left in the background.
pub(super) struct Line {
    consul: Consul,
    open: Option<Open>,
}

struct Open {
    send: SendRequest<Full<Bytes>>,
    _connection: Owned<()>,
}

/// An answer of status 2xx.
pub(super) struct Said {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Line {
    pub(super) fn new(consul: &Consul) -> Self {
        Self { consul: consul.clone(), open: None }
    }

    /// Asks for something, within `limit`.
    pub(super) async fn get(&mut self, target: Target, limit: Duration) -> Result<Said, Error> {
        self.ask(Method::GET, target, Bytes::new(), limit).await
    }

    /// Changes something, within `limit`.
    pub(super) async fn put(&mut self, target: Target, body: Bytes, limit: Duration) -> Result<Said, Error> {
        self.ask(Method::PUT, target, body, limit).await
    }

    async fn ask(&mut self, method: Method, target: Target, body: Bytes, limit: Duration) -> Result<Said, Error> {
        match timeout(limit, self.exchange(method, target, body)).await {
            Ok(said) => said,
            Err(_elapsed) => Err(Error::new(Code::DeadlineExceeded, format!("consul did not answer within {limit:?}"))),
        }
    }

    async fn exchange(&mut self, method: Method, target: Target, body: Bytes) -> Result<Said, Error> {
        let request = self.request(method, target, body)?;
        let mut open = match self.kept().await {
            Some(open) => open,
            None => self.dial().await?,
        };
        let answer = open.send.send_request(request).await.map_err(|cause| broken("consul did not answer", cause))?;
        let (head, body) = answer.into_parts();
        let body = self.read(body).await?;
        self.open = Some(open);
        if head.status.is_success() && head.status != StatusCode::NO_CONTENT {
            return Ok(Said { headers: head.headers, body });
        }
        Err(refused(head.status, &body))
    }

    /// The connection of the last request, unless the agent has closed it in the meantime.
    async fn kept(&mut self) -> Option<Open> {
        let mut open = self.open.take()?;
        open.send.ready().await.is_ok().then_some(open)
    }

    fn request(&self, method: Method, target: Target, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder().method(method).uri(target.into_string()).header(HOST, self.consul.host());
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(token) = self.consul.token() {
            request = request.header(TOKEN, token);
        }
        // What names, tags and filters hold is checked when built and encoded; only their length is left.
        let refused = |cause| Error::boundary(Code::InvalidArgument, cause).with_message("consul cannot be asked this");
        request.body(Full::new(body)).map_err(refused)
    }

    async fn dial(&self) -> Result<Open, Error> {
        let limit = self.consul.config().connect;
        let connected = timeout(limit, self.consul.dial()).await.map_err(|_elapsed| {
            Error::new(Code::DeadlineExceeded, format!("consul could not be reached within {limit:?}"))
        })?;
        let io = connected.map_err(|cause| broken("consul cannot be reached", cause))?;
        let shaken = http1::Builder::new().max_buf_size(64 * 1024).handshake(TokioIo::new(io)).await;
        let (send, connection) = shaken.map_err(|cause| broken("consul cannot be reached", cause))?;
        // How it ends, the request learns.
        let connection = Owned::spawn(async { drop(connection.await) });
        Ok(Open { send, _connection: connection })
    }

    /// The whole body, or an error: never a part of it.
    async fn read(&self, mut body: Incoming) -> Result<Vec<u8>, Error> {
        let max = self.consul.config().max_answer_bytes;
        let too_large = || {
            Error::resource_exhausted(format!("consul's answer has more than {max} bytes, which is max_answer_bytes"))
        };
        if body.size_hint().lower() > max as u64 {
            return Err(too_large());
        }
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|cause| broken("consul's answer broke off", cause))?;
            let Some(data) = frame.data_ref() else { continue };
            if read.len() + data.len() > max {
                return Err(too_large());
            }
            read.extend_from_slice(data);
        }
        Ok(read)
    }
}

impl Said {
    /// The number that a header holds; none for a header that is missing, twice there, or no number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let mut values = self.headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        value.to_str().ok()?.parse().ok()
    }
}
