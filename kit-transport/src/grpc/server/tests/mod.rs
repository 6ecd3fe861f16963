//! In process, from a request of the wire to a response of the wire; what needs HTTP/2 itself is tested beside the host.

mod answers;
mod ends;
mod heads;
mod refusals;
mod times;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::HeaderValue;
use http_body_util::BodyExt as _;
use kit_core::{Context, Error, Kind, Method, Outcome, Streaming, endpoint_fn};

use super::*;
use crate::codec::Messages;
use crate::grpc::double::{Answer, call, framed, request, send};
use crate::http::server::{Finished, Router};
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

impl Answer {
    fn numbers(&self) -> Vec<i64> {
        self.read::<Number>().iter().map(|number| number.n).collect()
    }
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
