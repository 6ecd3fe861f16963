use allocation_counter::measure;
use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use kit_core::{BoxError, Code, Metadata};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::codec::ECHO_LIMIT;
use crate::http::{Body, BodyTooLarge, problem};

#[derive(Debug, Deserialize, PartialEq)]
struct Text {
    s: String,
}

fn text(s: &str) -> Text {
    Text { s: s.to_owned() }
}

fn context(headers: &[(HeaderName, &str)]) -> Context {
    let headers: HeaderMap = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    let mut cx = Context::new();
    cx.set_inbound(Metadata::received(headers));
    cx
}

fn json() -> Context {
    context(&[(CONTENT_TYPE, "application/json")])
}

fn request(body: impl Into<Body>) -> Request {
    Request::new(body.into())
}

/// Everything here is ready at once, or the test is wrong.
fn decode<Req>(decoder: &impl DecodeRequest<Req>, cx: &mut Context, request: Request) -> Result<Req, Error> {
    decoder.decode(cx, request).now_or_never().expect("nothing waits")
}

fn status<T: std::fmt::Debug>(result: Result<T, Error>) -> u16 {
    problem::status(&result.expect_err("refused")).as_u16()
}

#[test]
fn a_codec_reads_the_whole_body() {
    assert_eq!(decode::<Text>(&codec::Json, &mut json(), request(r#"{"s":"a"}"#)).unwrap(), text("a"));
    assert_eq!(status(decode::<Text>(&codec::Json, &mut json(), request(r#"{"s":1}"#))), 400);
    assert_eq!(status(decode::<Text>(&codec::Json, &mut json(), request(""))), 400);
}

#[test]
fn a_body_of_another_type_is_refused_unread() {
    let unread = || Body::stream(stream::poll_fn(|_| panic!("the body was read")));
    let coded = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")];
    for headers in [&[][..], &[(CONTENT_TYPE, "text/plain")], &coded] {
        assert_eq!(status(decode::<Text>(&codec::Json, &mut context(headers), request(unread()))), 415);
        assert_eq!(
            status(decode(&extract(|Json(text): Json<Text>| Ok(text)), &mut context(headers), request(unread()))),
            415
        );
    }
    assert_eq!(status(decode(&extract(|bytes: Bytes| Ok(bytes)), &mut context(&coded), request(unread()))), 415);
}

#[test]
fn raw_bytes_are_read_whatever_their_type() {
    let decoder = extract(|bytes: Bytes| Ok(bytes));
    assert_eq!(decode(&decoder, &mut context(&[]), request("\u{0}a")).unwrap(), "\u{0}a");
    assert_eq!(decode(&decoder, &mut context(&[(CONTENT_TYPE, "image/png")]), request("")).unwrap(), "");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let long = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let most = BodyLimit::DEFAULT.0;
    assert_eq!(most, 2 * 1024 * 1024);
    assert!(decode::<String>(&codec::Json, &mut json(), request(long(most))).is_ok());
    assert_eq!(status(decode::<String>(&codec::Json, &mut json(), request(long(most + 1)))), 413);
    assert_eq!(status(decode(&extract(|bytes: Bytes| Ok(bytes)), &mut json(), request(long(most + 1)))), 413);

    let mut cx = json();
    cx.extensions_mut().insert(BodyLimit(10));
    assert!(decode::<String>(&codec::Json, &mut cx, request(long(10))).is_ok());
    let error = decode::<String>(&codec::Json, &mut cx, request(long(11))).unwrap_err();
    assert_eq!(error.cause::<BodyTooLarge>().expect("the cause").limit(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_read_again_only_if_the_body_kept_us_waiting() {
    let mut cx = json();
    let before = cx.clock_reads();
    decode::<Text>(&codec::Json, &mut cx, request(r#"{"s":"a"}"#)).unwrap();
    assert_eq!(cx.clock_reads(), before);

    let arrived = cx.now();
    let late = stream::once(async {
        tokio::time::advance(std::time::Duration::from_millis(5)).await;
        Ok(Bytes::from_static(br#"{"s":"a"}"#))
    });
    let read: Text = codec::Json.decode(&mut cx, request(Body::stream(late))).await.unwrap();
    assert_eq!((read, cx.now() - arrived), (text("a"), std::time::Duration::from_millis(5)));
    assert_eq!(cx.clock_reads(), before + 1);
}

struct Version(u64);

impl FromHeader for Version {
    const NAME: &'static str = "X-Version";

    fn from_header(text: &str) -> Result<Self, BoxError> {
        Ok(Self(text.parse()?))
    }
}

#[test]
fn a_header_is_there_once_and_is_text() {
    let name = HeaderName::from_static("x-version");
    let read = |cx: &mut Context| decode(&extract(|Header(Version(v)): Header<Version>| Ok(v)), cx, request(""));
    let perhaps = |cx: &mut Context| {
        decode(&extract(|v: Option<Header<Version>>| Ok(v.map(|Header(Version(v))| v))), cx, request(""))
    };
    assert_eq!(read(&mut context(&[(name.clone(), "7")])).unwrap(), 7);
    assert_eq!(perhaps(&mut context(&[(name.clone(), "7")])).unwrap(), Some(7));
    assert_eq!(perhaps(&mut context(&[])).unwrap(), None);

    let mut binary = Context::new();
    let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_bytes(b"\xff").unwrap())]);
    binary.set_inbound(Metadata::received(headers));
    for (mut cx, reason) in [
        (context(&[(name.clone(), "seven")]), "header_mismatch"),
        (context(&[(name.clone(), "7"), (name.clone(), "7")]), "header_repeated"),
        (binary, "header_not_text"),
    ] {
        for error in [read(&mut cx).map(drop).unwrap_err(), perhaps(&mut cx).map(drop).unwrap_err()] {
            assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some(reason)));
            assert!(error.message().contains("X-Version") && !error.message().contains("seven"), "{error}");
            assert!(error.cause::<HeaderError>().is_some());
        }
    }
    let missing = read(&mut context(&[])).unwrap_err();
    assert_eq!(missing.reason(), Some("header_missing"));
    assert_eq!(header(&context(&[(name, "a b")]), "x-VERSION").unwrap(), Some("a b"));
}

#[test]
fn a_function_gets_what_it_asks_for() {
    let mut put = http::Request::put("/profiles/7?page=2").body(Body::from(r#"{"s":"a"}"#)).unwrap();
    put.extensions_mut().insert(PathParams::new([("id", "7")]));
    let decoder = extract(
        |Path(id): Path<u64>,
         Query(query): Query<std::collections::BTreeMap<String, u8>>,
         Json(Text { s }): Json<Text>| { Ok((id, query["page"], s)) },
    );
    assert_eq!(decode(&decoder, &mut json(), put).unwrap(), (7, 2, "a".to_owned()));
}

#[test]
fn a_function_takes_none_to_six_and_may_refuse() {
    type Q = Query<()>;
    let run = |decoder: &dyn Fn() -> Result<u8, Error>| decoder();
    macro_rules! count {
        ($number:literal: $($argument:ident)*) => {
            assert_eq!(run(&|| decode(&extract(|$($argument: Q),*| { $(let Query(()) = $argument;)* Ok($number) }), &mut json(), request(""))).unwrap(), $number);
        };
    }
    count!(0:);
    count!(1: a);
    count!(2: a b);
    count!(3: a b c);
    count!(4: a b c d);
    count!(5: a b c d e);
    count!(6: a b c d e f);

    let most = 5;
    let small = extract(move |Path(n): Path<u8>| if n > most { Err(Error::out_of_range("too much")) } else { Ok(n) });
    let mut large = request("");
    large.extensions_mut().insert(PathParams::new([("n", "6")]));
    assert_eq!(decode(&small, &mut json(), large).unwrap_err().code(), Code::OutOfRange);
}

#[test]
fn extractors_run_in_order_until_one_fails() {
    struct Unreachable;
    impl FromRequest for Unreachable {
        async fn from_request(_cx: &mut Context, _request: &mut Request) -> Result<Self, Error> {
            panic!("the one before it failed");
        }
    }
    let decoder = extract(|Query(()): Query<()>, Path(id): Path<u8>, _: Unreachable| Ok(id));
    let mut bad = request("");
    bad.extensions_mut().insert(PathParams::new([("id", "x")]));
    let error = decode(&decoder, &mut json(), bad).unwrap_err();
    assert_eq!((error.reason(), problem::status(&error)), (Some("path_mismatch"), StatusCode::BAD_REQUEST));
}

#[test]
fn of_two_that_want_the_body_the_second_finds_it_empty() {
    let decoder = extract(|first: Bytes, second: Bytes| Ok((first, second)));
    assert_eq!(decode(&decoder, &mut json(), request("a")).unwrap(), (Bytes::from_static(b"a"), Bytes::new()));
}

/// As a server decodes: on any thread, of a type it does not know.
async fn spawned<D, Req>(decoder: D, mut cx: Context, request: Request) -> Result<Req, Error>
where
    D: DecodeRequest<Req>,
    Req: Send + 'static,
{
    tokio::spawn(async move { decoder.decode(&mut cx, request).await }).await.expect("no panic")
}

#[tokio::test]
async fn an_async_function_decodes_and_may_wait() {
    let decoder = decode_fn(async |cx, mut request| {
        tokio::task::yield_now().await;
        let Json(Text { s }) = Json::from_request(cx, &mut request).await?;
        Ok(format!("{} {s}", request.method()))
    });
    assert_eq!(spawned(decoder, json(), request(r#"{"s":"a"}"#)).await.unwrap(), "GET a");
    let decoder = extract(|Json(Text { s }): Json<Text>| Ok(s));
    assert_eq!(spawned(decoder, json(), request(r#"{"s":"a"}"#)).await.unwrap(), "a");
}

#[test]
fn a_small_json_body_costs_one_allocation_for_its_one_string() {
    let body = Bytes::from_static(br#"{"s":"hello"}"#);
    // The first error or header of a process may set something up: not here, not counted.
    decode::<Text>(&codec::Json, &mut json(), request(body.clone())).unwrap();

    let (mut cx, first, second) = (json(), request(body.clone()), request(body));
    let mut decoded = None;
    let whole = measure(|| decoded = Some(decode::<Text>(&codec::Json, &mut cx, first)));
    assert_eq!(decoded.expect("ran").unwrap(), text("hello"));
    assert_eq!(whole.count_total, 1);

    let decoder = extract(|Json(text): Json<Text>| Ok(text));
    let mut decoded = None;
    let extracted = measure(|| decoded = Some(decode(&decoder, &mut cx, second)));
    assert_eq!(decoded.expect("ran").unwrap(), text("hello"));
    assert_eq!(extracted.count_total, 1);
}

#[test]
fn path_parameters_cost_two_allocations_and_reading_a_number_one() {
    let mut params = None;
    let made = measure(|| params = Some(PathParams::new([("profile", "12345"), ("address", "home")])));
    assert_eq!(made.count_total, 2);

    let mut request = request("");
    request.extensions_mut().insert(PathParams::new([("id", "7")]));
    let (mut cx, decoder) = (json(), extract(|Path(id): Path<u64>| Ok(id)));
    let mut id = None;
    // The list of what is read: serde asks for it as a whole.
    let read = measure(|| id = Some(decode(&decoder, &mut cx, request)));
    assert_eq!((id.expect("ran").unwrap(), read.count_total), (7, 1));
}

#[test]
fn a_decoder_holds_the_request_at_most_once() {
    let mut cx = json();
    let by_codec = DecodeRequest::<Text>::decode(&codec::Json, &mut cx, request(""));
    assert!(size_of_val(&by_codec) <= 512, "{} bytes", size_of_val(&by_codec));
    drop(by_codec);
    let decoder = extract(|Path(_): Path<u8>, Json(text): Json<Text>| Ok(text));
    let by_function = decoder.decode(&mut cx, request(""));
    assert!(size_of_val(&by_function) <= 512 + size_of::<Request>(), "{} bytes", size_of_val(&by_function));
}

proptest! {
    #[test]
    fn any_body_is_read_or_the_callers_mistake(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        cuts in proptest::collection::vec(0usize..300, 0..4),
    ) {
        let mut rest = Bytes::from(bytes.clone());
        let mut chunks = Vec::new();
        for cut in cuts {
            let cut = cut.min(rest.len());
            chunks.push(Ok(rest.split_to(cut)));
        }
        chunks.push(Ok(rest));
        let body = || Body::stream(stream::iter(chunks.clone()));
        prop_assert_eq!(decode(&extract(|bytes: Bytes| Ok(bytes)), &mut json(), request(body())).unwrap(), bytes);
        if let Err(error) = decode::<Text>(&codec::Json, &mut json(), request(body())) {
            prop_assert!(problem::status(&error).is_client_error(), "{:?}", error);
            prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
            prop_assert!(!error.message().chars().any(char::is_control));
        }
    }

    #[test]
    fn any_uri_that_http_lets_in_is_read_or_the_callers_mistake(uri in "/[!-~]{0,60}") {
        let Ok(uri) = uri.parse::<http::Uri>() else { return Ok(()) };
        let mut request = request("");
        request.extensions_mut().insert(PathParams::new([("id", uri.path())]));
        *request.uri_mut() = uri;
        let decoder = extract(|Path(path): Path<String>, Query(query): Query<std::collections::HashMap<String, u8>>| Ok((path, query)));
        if let Err(error) = decode(&decoder, &mut json(), request) {
            prop_assert_eq!(problem::status(&error), StatusCode::BAD_REQUEST);
            prop_assert!(error.message().len() <= ECHO_LIMIT);
        }
    }
}
