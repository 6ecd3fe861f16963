//! Every codec from client to server and back, over the wire.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, header};
use kit_core::{Code, Context, Endpoint as _, Error, Method, Streaming, endpoint_fn, request_fn};
use kit_transport::codec::{Json, Messages};
use kit_transport::http::client::{Client, Config};
use kit_transport::http::ndjson::NdJson;
use kit_transport::http::server::{Binding, Router};
use kit_transport::http::{Body, Request};
use serde::{Deserialize, Serialize};

use crate::services::start;
use crate::support::*;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Order {
    name: String,
    count: u32,
    #[serde(default)]
    tag: Vec<String>,
}

fn order() -> Order {
    Order { name: "a b&ü".into(), count: 7, tag: vec!["x".into(), "y".into()] }
}

static ORDER: Method = Method::new("tests", "order").path("/order");

#[cfg(all(feature = "cbor", feature = "form", feature = "msgpack"))]
async fn echoed<C>(client: &Client, target: &kit_transport::http::client::Target, codec: C)
where
    C: kit_transport::codec::Encode<Order> + kit_transport::codec::Decode<Order>,
{
    let echo = client.post::<Order, _>(&ORDER, target, codec.clone()).endpoint::<Order>().unwrap();
    let mut cx = Context::new();
    assert_eq!(echo.call(&mut cx, order()).await.unwrap(), order(), "{}", codec.content_type());
}

#[cfg(all(feature = "cbor", feature = "form", feature = "msgpack"))]
#[tokio::test(start_paused = true)]
async fn a_client_and_a_server_agree_by_any_codec_that_both_have() {
    use kit_transport::codec::{Cbor, Form, MsgPack, Pair};
    use kit_transport::http::server::offer;

    let _clock = Clock::hold();
    let echo = offer(request_fn(async |order: Order| Ok(order)), (Json, Cbor, MsgPack, Form));
    let (target, _serving) = start(Router::new().post(&ORDER, echo).build().unwrap()).await;
    let client = Client::new(Config::default()).unwrap();
    echoed(&client, &target, Json).await;
    echoed(&client, &target, Cbor).await;
    echoed(&client, &target, MsgPack).await;
    echoed(&client, &target, Form).await;
    echoed(&client, &target, Pair { write: Form, read: Json }).await;
    echoed(&client, &target, Pair { write: Cbor, read: MsgPack }).await;
}

#[cfg(feature = "cbor")]
#[tokio::test(start_paused = true)]
async fn an_error_is_read_whatever_codec_was_asked_for() {
    use kit_transport::codec::Cbor;
    use kit_transport::http::server::offer;

    let _clock = Clock::hold();
    let failing = request_fn(async |_: Order| Err::<Order, _>(Error::not_found("no such order").with_reason("gone")));
    let (target, _serving) = start(Router::new().post(&ORDER, offer(failing, (Json, Cbor))).build().unwrap()).await;
    let client = Client::new(Config::default()).unwrap();
    let call = client.post::<Order, _>(&ORDER, &target, Cbor).endpoint::<Order>().unwrap();
    let error = call.call(&mut Context::new(), order()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::NotFound, Some("gone")));
}

static LINES: Method = Method::new("tests", "lines").path("/lines");

#[tokio::test(start_paused = true)]
async fn lines_go_both_ways_at_once() {
    let _clock = Clock::hold();
    let double = endpoint_fn(async |cx, numbers: Messages<u32>| {
        Ok(Streaming::new(cx, numbers.map(|number| number.map(|number| 2 * number))))
    });
    let service = Router::new().post(&LINES, Binding::new(double, NdJson::new(), NdJson::new())).build().unwrap();
    let (target, _serving) = start(service).await;
    let raw = Client::new(Config::default()).unwrap().raw(&target);
    let (send, mut receive) = tokio::sync::mpsc::channel(1);
    let numbers = stream::poll_fn(move |task| receive.poll_recv(task));
    let mut request = Request::new(NdJson::new().write(numbers));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/lines");
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let mut cx = Context::new();
    let response = raw.call(&mut cx, request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut doubled = NdJson::new().read::<u32>(response.into_body());
    // An answer to each before the next is asked.
    for number in 1..=5 {
        send.send(Ok::<u32, Error>(number)).await.unwrap();
        assert_eq!(doubled.next().await.expect("an answer").unwrap(), 2 * number);
    }
    drop(send);
    assert!(doubled.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_never_looks_like_an_end() {
    let _clock = Clock::hold();
    let torn = endpoint_fn(async |cx, _: Order| {
        Ok(Streaming::new(cx, stream::iter([Ok(1), Ok(2), Err(Error::data_loss("torn"))])))
    });
    let service = Router::new().post(&ORDER, Binding::new(torn, Json, NdJson::new())).build().unwrap();
    let (target, _serving) = start(service).await;
    let client = Client::new(Config::default()).unwrap();
    let numbers = client
        .post::<Order, _>(&ORDER, &target, Json)
        .endpoint_with(|_cx, response| Ok(NdJson::new().read::<u32>(response.into_body())))
        .unwrap();
    let mut cx = Context::new();
    let mut numbers = numbers.call(&mut cx, order()).await.unwrap();
    let mut read = Vec::new();
    let error = loop {
        match numbers.try_next().await {
            Ok(number) => read.push(number.expect("an error before the end")),
            Err(error) => break error,
        }
    };
    assert_eq!((read, error.code()), (vec![1, 2], Code::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn a_bad_line_is_the_callers_mistake_and_says_which() {
    let _clock = Clock::hold();
    let sum = request_fn(async |numbers: Messages<u32>| {
        numbers.try_fold(0, |sum, number| async move { Ok(sum + number) }).await
    });
    let service = Router::new().post(&LINES, Binding::new(sum, NdJson::new(), Json)).build().unwrap();
    let (target, _serving) = start(service).await;
    let raw = Client::new(Config::default()).unwrap().raw(&target);
    for (body, status, told) in [("1\n2\n", 200, "3"), ("1\nx\n", 400, "line 2: the JSON is malformed")] {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static("/lines");
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        let response = raw.call(&mut Context::new(), request).await.unwrap();
        assert_eq!(response.status(), status);
        let body = response.into_body().bytes(10_000).await.unwrap();
        assert!(std::str::from_utf8(&body).unwrap().contains(told), "{body:?}");
    }
}
