use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::HeaderMap;
use http::header::HeaderName;
use kit_core::{Metadata, endpoint_with, request_fn};
use serde::{Deserialize, Serialize};

use super::*;
use crate::codec::{Codec, Decode, Encode, Json};
use crate::http::problem;
use crate::http::server::extract::{Query, extract};

#[derive(Deserialize, Serialize)]
struct Text {
    s: String,
}

/// A text as it is.
#[derive(Clone, Copy)]
struct Plain;

impl Codec for Plain {
    fn content_type(&self) -> &'static str {
        "text/plain"
    }
}

impl Encode<Text> for Plain {
    fn encode(&self, text: &Text) -> Result<Bytes, Error> {
        Ok(text.s.clone().into())
    }
}

impl Decode<Text> for Plain {
    fn decode(&self, bytes: &[u8]) -> Result<Text, Error> {
        Ok(Text { s: String::from_utf8_lossy(bytes).into_owned() })
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn is(&self, content_type: &str, body: &str) {
        let written = self.headers.get("content-type").map(|value| value.to_str().unwrap());
        assert_eq!((self.status, written, &*self.body), (200, Some(content_type), body));
        assert_eq!(self.headers["vary"], "accept");
    }
}

/// Everything here is ready at once, or the test is wrong.
fn call(
    endpoint: &impl Endpoint<Request, Response = Response>,
    headers: &[(HeaderName, &str)],
    uri: &'static str,
    body: impl Into<Body>,
) -> Answer {
    let mut cx = Context::new();
    let inbound: HeaderMap = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    cx.set_inbound(Metadata::received(inbound));
    let mut request = Request::new(body.into());
    *request.uri_mut() = http::Uri::from_static(uri);
    let result = endpoint.call(&mut cx, request).now_or_never().expect("nothing waits");
    let (parts, body) = result.unwrap_or_else(|error| problem::response(&error)).into_parts();
    let body = body.bytes(10_000).now_or_never().expect("nothing waits").unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn echo() -> impl Endpoint<Request, Response = Response> {
    offer(request_fn(async |text: Text| Ok(text)), (Json, Plain))
}

const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json; charset=utf-8");
const PLAIN: (HeaderName, &str) = (CONTENT_TYPE, "Text/Plain");

#[test]
fn a_request_is_read_by_its_content_type_and_answered_by_its_accept() {
    let echo = echo();
    call(&echo, &[JSON], "/", r#"{"s":"a"}"#).is("application/json", r#"{"s":"a"}"#);
    call(&echo, &[PLAIN], "/", "a").is("text/plain", "a");
    call(&echo, &[PLAIN, (ACCEPT, "application/json")], "/", "a").is("application/json", r#"{"s":"a"}"#);
    call(&echo, &[JSON, (ACCEPT, "text/*, application/json;q=0.9")], "/", r#"{"s":"a"}"#).is("text/plain", "a");
}

#[test]
fn what_nobody_reads_is_415_and_says_what_is_read() {
    for content_type in [Some("application/xml"), None, Some("text/plain; charset=latin1")] {
        let headers: Vec<_> = content_type.map(|value| (CONTENT_TYPE, value)).into_iter().collect();
        let answer = call(&echo(), &headers, "/", "a");
        assert_eq!(
            (answer.status, &answer.headers["accept"]),
            (415, &HeaderValue::from_static("application/json, text/plain"))
        );
        assert_eq!(answer.headers["content-type"], problem::CONTENT);
    }
    let one = super::super::json(request_fn(async |text: Text| Ok(text)));
    assert_eq!(call(&one, &[PLAIN], "/", "a").headers["accept"], "application/json");
}

#[test]
fn what_nobody_can_answer_is_406_before_the_body_is_read_and_the_endpoint_runs() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    let counted = || {
        endpoint_with((), async |_, _cx, text: Text| {
            RAN.fetch_add(1, Ordering::Relaxed);
            Ok(text)
        })
    };
    let unread = || Body::stream(futures_util::stream::poll_fn(|_| panic!("the body was read")));
    let answer = call(&offer(counted(), (Json, Plain)), &[JSON, (ACCEPT, "text/html")], "/", unread());
    assert_eq!((answer.status, RAN.load(Ordering::Relaxed)), (406, 0));
    assert_eq!(answer.headers["content-type"], problem::CONTENT, "whatever the caller accepts");
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (&told["reason"], &told["detail"]),
        (&"not_acceptable".into(), &"the answer can be application/json or text/plain".into())
    );
    // And where no codec reads the request.
    let answers = Answers::new(extract(|| -> Result<Text, Error> { panic!("it was decoded") }), (Json, Plain));
    assert_eq!(call(&answers.bind(counted()), &[(ACCEPT, "text/html")], "/", "").status, 406);
}

#[test]
fn a_request_without_a_body_is_answered_by_its_accept() {
    let answers = Answers::new(extract(|Query(text): Query<Text>| Ok(text)), (Json, Plain));
    let echo = answers.bind(request_fn(async |text: Text| Ok(text)));
    call(&echo, &[], "/?s=a", "").is("application/json", r#"{"s":"a"}"#);
    call(&echo, &[(ACCEPT, "text/plain")], "/?s=a", "").is("text/plain", "a");
}

#[test]
fn codecs_to_read_by_may_be_others_than_those_to_write_by() {
    let echo = Offer::new((Plain, Json), (Json,)).bind(request_fn(async |text: Text| Ok(text)));
    call(&echo, &[PLAIN], "/", "a").is("application/json", r#"{"s":"a"}"#);
    assert_eq!(call(&echo, &[PLAIN, (ACCEPT, "text/plain")], "/", "a").status, 406);
}

#[test]
fn an_error_is_a_problem_whatever_is_accepted() {
    let failing = offer(request_fn(async |_: Text| Err::<Text, _>(Error::not_found("no"))), (Json, Plain));
    let answer = call(&failing, &[PLAIN, (ACCEPT, "text/plain")], "/", "a");
    assert_eq!((answer.status, &answer.headers["content-type"]), (404, &HeaderValue::from_static(problem::CONTENT)));
}
