use allocation_counter::measure;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, LOCATION};
use kit_core::{Code, Outcome, Streaming};
use proptest::prelude::*;
use serde::Serialize;

use super::*;
use crate::codec::Json;

#[derive(Serialize)]
struct Value {
    v: u32,
}

async fn read(response: Response) -> (u16, Option<HeaderValue>, String) {
    let (parts, body) = response.into_parts();
    let body = body.bytes(usize::MAX).await.expect("a whole body");
    (parts.status.as_u16(), parts.headers.get(CONTENT_TYPE).cloned(), String::from_utf8(body.into()).unwrap())
}

fn wrong(reply: Result<Response, Error>) -> ReplyError {
    let error = reply.expect_err("a bug");
    assert!(error.is_bug());
    error.cause::<ReplyError>().expect("the cause").clone()
}

#[tokio::test]
async fn a_codec_answers_200_with_its_content_type() {
    let response = EncodeResponse::encode(&Json, &mut Context::new(), Value { v: 5 }).unwrap();
    let expected = (200, Some(HeaderValue::from_static("application/json")), r#"{"v":5}"#.to_owned());
    assert_eq!(read(response).await, expected);
}

#[tokio::test]
async fn no_content_is_204_without_a_body_and_without_a_content_type() {
    let response = NoContent.encode(&mut Context::new(), ()).unwrap();
    assert!(response.headers().is_empty());
    assert_eq!(read(response).await, (204, None, String::new()));
}

#[tokio::test]
async fn created_says_where() {
    let response = Reply::created("/values/5").value(&Json, &Value { v: 5 }).unwrap();
    assert_eq!(response.headers()[LOCATION], "/values/5");
    assert_eq!(read(response).await.0, 201);
    for location in ["", "/a\r\nset-cookie: b", "/a b", "/é"] {
        let error = wrong(Reply::created(location).empty());
        assert_eq!(error, ReplyError::Location { location: location.to_owned() });
    }
}

#[test]
fn a_redirection_has_a_status_that_redirects() {
    for status in [301, 302, 303, 307, 308] {
        let response =
            Reply::redirect(StatusCode::from_u16(status).unwrap(), "https://example.org/?a=b").empty().unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[LOCATION]),
            (status, &"https://example.org/?a=b".parse().unwrap())
        );
    }
    for status in [StatusCode::OK, StatusCode::NOT_MODIFIED, StatusCode::NOT_FOUND] {
        assert_eq!(wrong(Reply::redirect(status, "/").empty()), ReplyError::NoRedirection { status });
    }
}

#[test]
fn headers_may_have_several_values() {
    let response =
        Reply::ok().header("X-Tag", "a").header("x-tag", String::from("b")).header("x-count", 7u64).empty().unwrap();
    assert_eq!(response.headers().get_all("x-tag").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(response.headers()["x-count"], "7");
}

#[tokio::test]
async fn the_end_sets_the_one_content_type() {
    let reply = || Reply::new(StatusCode::ACCEPTED).header("content-type", "a/b").header("content-type", "c/d");
    let response = reply().bytes("text/csv", "a,b").unwrap();
    assert_eq!(response.headers().get_all(CONTENT_TYPE).iter().count(), 1);
    assert_eq!(read(response).await, (202, Some(HeaderValue::from_static("text/csv")), "a,b".to_owned()));
    let response = reply().text("é").unwrap();
    let expected = (202, Some(HeaderValue::from_static("text/plain; charset=utf-8")), "é".to_owned());
    assert_eq!(read(response).await, expected);
}

#[test]
fn what_http_cannot_express_is_a_bug_and_the_first_one_counts() {
    assert_eq!(wrong(Reply::ok().header("a b", "c").header("x", "\n").empty()), ReplyError::HeaderName);
    let value = |name: &str| ReplyError::HeaderValue { name: name.to_owned() };
    assert_eq!(wrong(Reply::ok().header("x", "a\r\nb: c").text("")), value("x"));
    assert_eq!(wrong(Reply::ok().bytes("text/\n", "")), value("content-type"));
    for name in SERVER_HEADERS_BY_NAME {
        let error = wrong(Reply::ok().header(name, "5").empty());
        assert_eq!(error, ReplyError::ServerHeader { name: name.to_owned() });
    }
    let status = StatusCode::CONTINUE;
    assert_eq!(wrong(Reply::new(status).empty()), ReplyError::NotLast { status });
    for status in [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED] {
        assert_eq!(wrong(Reply::new(status).value(&Json, &())), ReplyError::Body { status });
        assert!(Reply::new(status).empty().is_ok());
    }
}

const SERVER_HEADERS_BY_NAME: [&str; 6] =
    ["connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade"];

#[test]
fn a_bug_is_placed_where_the_reply_is_written() {
    let error = Reply::ok().header("x", "\n").empty().unwrap_err();
    assert!(error.place().file().ends_with("reply/tests.rs"), "{}", error.place());
    let error = Reply::created(" ").empty().unwrap_err();
    assert!(error.place().file().ends_with("reply/tests.rs"), "{}", error.place());
    let error = Reply::no_content().text("").unwrap_err();
    assert!(error.place().file().ends_with("reply/tests.rs"), "{}", error.place());
}

#[test]
fn a_function_may_hold_state_and_refuse() {
    let most = 5;
    let encoder = encode_fn(move |cx: &mut Context, value: u32| {
        cx.set_outcome(Outcome::Success);
        if value > most { Err(Error::out_of_range("too much")) } else { Reply::ok().text(value.to_string()) }
    });
    let mut cx = Context::new();
    assert_eq!(encoder.encode(&mut cx, 5).unwrap().status(), 200);
    assert_eq!(encoder.encode(&mut cx, 6).unwrap_err().code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_stream_arrives_whole_or_breaks_off() {
    let chunk = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    let mut cx = Context::new();
    let whole = Streaming::new(&mut cx, stream::iter([chunk("a,"), chunk("b")]));
    let response = Reply::ok().stream("text/csv", whole).unwrap();
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
    assert_eq!(read(response).await, (200, Some(HeaderValue::from_static("text/csv")), "a,b".to_owned()));
    assert_eq!(cx.stream().and_then(|end| end.ended()).expect("its end").outcome(), Outcome::Success);

    let broken = Streaming::new(&mut cx, stream::iter([chunk("a,"), Err(Error::data_loss("lost")), chunk("b")]));
    let body = Reply::ok().stream("text/csv", broken).unwrap().into_body();
    assert_eq!(body.bytes(100).await.unwrap_err().code(), Code::DataLoss);
    assert_eq!(cx.stream().and_then(|end| end.ended()).expect("its end").outcome(), Outcome::BackendError);
}

#[test]
fn an_answer_costs_what_its_codec_allocates_and_the_map_of_its_one_header() {
    // The first answer of a thread makes its buffer.
    assert!(codec::Encode::encode(&Json, &Value { v: 5 }).is_ok());
    let mut response = None;
    let encoded = measure(|| response = Some(codec::Encode::encode(&Json, &Value { v: 5 })));
    assert!(response.expect("ran").is_ok());
    let mut cx = Context::new();
    let mut response = None;
    let answered = measure(|| response = Some(EncodeResponse::encode(&Json, &mut cx, Value { v: 5 })));
    assert!(response.expect("ran").is_ok());
    // The map's index and its entries.
    assert_eq!(answered.count_total, encoded.count_total + 2);
}

proptest! {
    #[test]
    fn any_header_and_location_is_written_as_it_is_or_a_bug(name in ".{0,12}", value in "(?s).{0,30}") {
        match Reply::created(&value).header(name.as_str(), value.as_str()).empty() {
            Ok(response) => {
                prop_assert_eq!(response.headers()[LOCATION].as_bytes(), value.as_bytes());
                prop_assert_eq!(response.headers()[name.as_str()].as_bytes(), value.as_bytes());
                prop_assert!(!value.bytes().any(|byte| byte.is_ascii_control()));
            }
            Err(error) => prop_assert!(error.is_bug() && error.cause::<ReplyError>().is_some()),
        }
    }
}
