//! A caller of gRPC, in process: from a request of the wire to a response of the wire.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};
use http_body_util::BodyExt as _;
use kit_core::Error;
use tower_service::Service as _;

use super::frame::{Coding, Form, Frames};
use super::{media, status};
use crate::codec::{Encode, Protobuf};
use crate::http::server::RouterService;
use crate::http::{Body, Request, Response};

/// The frames of messages.
pub(crate) fn framed<T>(messages: impl IntoIterator<Item = T>) -> Bytes
where
    Protobuf: Encode<T>,
{
    let form = Form { codec: Protobuf, coding: Coding::Identity, limit: u32::MAX };
    messages.into_iter().flat_map(|message| form.message(&message).unwrap()).collect()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) messages: Vec<Bytes>,
    /// Those of a head that is all of the answer, if it is.
    pub(crate) trailers: HeaderMap,
    pub(crate) trailers_only: bool,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let trailers_only = http_body::Body::is_end_stream(&body);
        let whole = body.collect().await.expect("a body that ends with trailers");
        let trailers = whole.trailers().cloned().unwrap_or_else(|| head.headers.clone());
        let mut frames = Frames::of_answer(Body::full(whole.to_bytes()), Coding::Gzip, u32::MAX);
        let mut messages = Vec::new();
        if head.headers.get("content-type").is_some_and(|value| media::format(value).is_some()) {
            while let Some(message) = std::future::poll_fn(|task| frames.poll_message(task)).await {
                messages.push(message.unwrap());
            }
        }
        Self { status: head.status, headers: head.headers, messages, trailers, trailers_only }
    }

    /// The messages, as values.
    pub(crate) fn read<M: prost::Message + Default>(&self) -> Vec<M> {
        self.messages.iter().map(|message| M::decode(&**message).unwrap()).collect()
    }

    /// The number of gRPC's code, 0 for none.
    pub(crate) fn code(&self) -> u8 {
        assert_eq!(self.status, StatusCode::OK);
        self.trailers[status::STATUS].to_str().unwrap().parse().unwrap()
    }

    /// What its trailers say.
    pub(crate) fn error(&self) -> Error {
        status::error_of(&self.trailers).unwrap_err()
    }
}

pub(crate) fn request(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    *request.version_mut() = Version::HTTP_2;
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request
}

pub(crate) async fn send(service: &RouterService, request: Request) -> Response {
    service.clone().call(request).await.unwrap_or_else(|never| match never {})
}

pub(crate) async fn call(
    service: &RouterService,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    Answer::of(send(service, request(path, headers, body)).await).await
}
