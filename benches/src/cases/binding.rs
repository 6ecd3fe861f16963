//! What a request costs from the router to the endpoint and back, without a wire.

use std::hint::black_box;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, StatusCode};
use kit::http::server::RouterService;
use kit::http::{Body, Request};
use tower_service::Service as _;

use super::Cases;
use crate::servers;
use crate::task::PATH;

pub(super) fn cases(cases: &mut impl Cases) {
    cases.case("binding/the request itself", || drop(black_box(request())));

    let stack = servers::kit::stack(std::io::sink()).expect("the defaults are good");
    let mut bare = servers::kit::bare().expect("a good route");
    let mut full = servers::kit::full(stack).expect("a good route");
    cases.case("binding/bare", || call(&mut bare));
    cases.case("binding/full", || call(&mut full));
}

fn request() -> Request {
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header(HOST, "127.0.0.1")
        .header(USER_AGENT, "bench/1")
        .header(ACCEPT, "*/*")
        .header(CONTENT_TYPE, "application/json")
        .header(CONTENT_LENGTH, "13");
    request.body(Body::full(Bytes::from_static(br#"{"s":"hello"}"#))).expect("a good request")
}

fn call(service: &mut RouterService) {
    let response = black_box(service).call(request()).now_or_never().expect("nothing waits");
    let Ok(response) = black_box(response);
    assert_eq!(response.status(), StatusCode::OK);
}
