//! In process, from a request of the wire to a response of the wire; what needs HTTP/2 itself is tested beside the host.

mod answers;
mod ends;
mod refusals;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};
use http_body_util::BodyExt as _;
use kit_core::{Context, Error, Kind, Method, Outcome, Streaming, endpoint_fn};
use tower_service::Service as _;

use super::*;
use crate::codec::{Encode, Messages, Protobuf};
use crate::grpc::frame::{Coding, Form, Frames};
use crate::grpc::status;
use crate::http::server::{Finished, Router, RouterService};
use crate::http::{Body, Response};

#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize, prost::Message)]
struct Number {
    #[prost(int64, tag = "1")]
    n: i64,
}

fn number(n: i64) -> Number {
    Number { n }
}

static DOUBLE: Method = Method::new("pb.Numbers", "Double").path("/double");
static COUNT: Method = Method::new("pb.Numbers", "Count").kind(Kind::ServerStream);
static SUM: Method = Method::new("pb.Numbers", "Sum").kind(Kind::ClientStream);
static TOTALS: Method = Method::new("pb.Numbers", "Totals").kind(Kind::Bidi);

/// Every kind of method, in layers.
fn numbers() -> Router {
    let double = endpoint_fn(async |_cx: &mut Context, Number { n }: Number| match n {
        ..0 => Err(Error::out_of_range("below zero").with_reason("negative")),
        13 => panic!("thirteen"),
        _ => Ok(number(2 * n)),
    });
    let count = endpoint_fn(async |cx: &mut Context, Number { n }: Number| {
        let numbers = (0..n).map(|n| match n {
            7 => Err(Error::failed_precondition("seven is enough").with_reason("enough")),
            _ => Ok(number(n)),
        });
        Ok(Streaming::new(cx, stream::iter(numbers)))
    });
    let sum = endpoint_fn(async |_cx: &mut Context, mut numbers: Messages<Number>| {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?.n;
        }
        Ok(number(sum))
    });
    let totals = endpoint_fn(async |cx: &mut Context, numbers: Messages<Number>| {
        let mut total = 0;
        let totals = numbers.map(move |next| {
            total += next?.n;
            Ok(number(total))
        });
        Ok(Streaming::new(cx, totals))
    });
    Router::new()
        .grpc(&DOUBLE, unary(double))
        .grpc(&COUNT, server_stream(count))
        .grpc(&SUM, client_stream(sum))
        .grpc(&TOTALS, bidi_stream(totals))
}

/// The frames of messages.
fn framed<T>(messages: impl IntoIterator<Item = T>) -> Bytes
where
    Protobuf: Encode<T>,
{
    let form = Form { codec: Protobuf, coding: Coding::Identity, limit: u32::MAX };
    messages.into_iter().flat_map(|message| form.message(&message).unwrap()).collect()
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    messages: Vec<Bytes>,
    /// Those of a head that is all of the answer, if it is.
    trailers: HeaderMap,
    trailers_only: bool,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let trailers_only = http_body::Body::is_end_stream(&body);
        let whole = body.collect().await.expect("a body that ends with trailers");
        let trailers = whole.trailers().cloned().unwrap_or_else(|| head.headers.clone());
        let mut frames = Frames::of_answer(Body::full(whole.to_bytes()), Coding::Gzip, u32::MAX);
        let mut messages = Vec::new();
        if head.headers.get("content-type").is_some_and(|value| crate::grpc::media::format(value).is_some()) {
            while let Some(message) = std::future::poll_fn(|task| frames.poll_message(task)).await {
                messages.push(message.unwrap());
            }
        }
        Self { status: head.status, headers: head.headers, messages, trailers, trailers_only }
    }

    fn numbers(&self) -> Vec<i64> {
        self.messages.iter().map(|message| <Number as prost::Message>::decode(&**message).unwrap().n).collect()
    }

    /// The number of gRPC's code, 0 for none.
    fn code(&self) -> u8 {
        assert_eq!(self.status, StatusCode::OK);
        self.trailers[status::STATUS].to_str().unwrap().parse().unwrap()
    }

    fn error(&self) -> Error {
        status::error_of(&self.trailers).unwrap_err()
    }
}

fn request(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> crate::http::Request {
    let mut request = crate::http::Request::new(body.into());
    *request.version_mut() = Version::HTTP_2;
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request
}

async fn send(service: &RouterService, request: crate::http::Request) -> Response {
    service.clone().call(request).await.unwrap_or_else(|never| match never {})
}

async fn call(service: &RouterService, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    Answer::of(send(service, request(path, headers, body)).await).await
}

/// An end as a finalizer hears of it.
type Told = (Outcome, Option<kit_core::Code>);

/// What a finalizer heard, in order.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Told>>>);

impl Heard {
    fn finalizer(&self) -> impl Fn(&Finished<'_>) + Send + Sync + 'static {
        let heard = self.clone();
        move |finished: &Finished<'_>| {
            heard.0.lock().unwrap().push((finished.outcome, finished.error.map(Error::code)));
        }
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
