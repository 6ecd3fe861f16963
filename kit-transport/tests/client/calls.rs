use std::time::Duration;

use http::header::{HeaderName, HeaderValue, IF_MATCH};
use kit_core::{ChildLayer, Code, Context, Endpoint as _, Error, Method, Outcome, RequestId, Retry};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, UnexpectedAnswer};
use kit_transport::http::{Body, deadline, problem};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_request_goes_out_encoded_and_its_answer_comes_back_decoded() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count(&peer);
    let mut cx = Context::new();
    let five = five();
    let (value, (request, _line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    assert_eq!(value.unwrap(), Value { v: 5 });
    assert_eq!(request.line(), "POST /count HTTP/1.1");
    assert_eq!(request.body, br#"{"s":"hello"}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json, application/problem+json"));
    assert_eq!(request.header("host"), Some(&*peer.address().to_string()));
}

#[tokio::test(start_paused = true)]
async fn sizes_and_peer_are_in_the_context_of_an_answer_and_of_an_error() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let count = client.post(&COUNT, &peer.target(), Json).binding::<Value>().unwrap();
    let (good, bad) = (five(), answer("503 Service Unavailable", "text/plain", "later"));
    let (mut first, mut second) = (Context::new(), Context::new());
    let (value, (_, mut line)) = tokio::join!(count.call(&mut first, HELLO), peer.serve(&good));
    let (error, _) = tokio::join!(count.call(&mut second, HELLO), line.serve(&bad));
    assert!(value.is_ok() && error.is_err());
    let sizes = |cx: &Context| (cx.sizes().sent(), cx.sizes().received());
    assert_eq!((sizes(&first), sizes(&second)), ((13, 7), (13, 5)));
    assert_eq!((first.peer(), second.peer()), (Some(peer.address()), Some(peer.address())));
    // Refused before it was sent.
    let refusing = client.post(&COUNT, &peer.target(), Json).before(|_cx, _request| Err(Error::unavailable("no")));
    let mut third = Context::new();
    assert!(refusing.binding::<Value>().unwrap().call(&mut third, HELLO).await.is_err());
    assert_eq!((sizes(&third), third.peer()), ((0, 0), None));
}

#[tokio::test(start_paused = true)]
async fn identity_metadata_and_the_time_that_is_left_travel_with_the_call() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let binding = client.post(&COUNT, &peer.target(), Json).binding::<Value>().unwrap();
    let limit = Duration::from_secs(2);
    let mut cx = cx_with(limit);
    cx.set_request_id(RequestId::parse("abc-1").unwrap());
    cx.outbound_mut().insert("x-tenant", "acme").unwrap();
    cx.outbound_mut().insert("content-length", "99").unwrap();
    let five = five();
    let (value, (request, _line)) = tokio::join!(binding.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    assert_eq!(request.header("x-request-id"), Some("abc-1"));
    assert_eq!(request.header("x-tenant"), Some("acme"));
    assert_eq!(request.header("content-length"), Some("13"));
    let mut sent = kit_core::Metadata::default();
    sent.insert("grpc-timeout", request.header("grpc-timeout").expect("the time")).unwrap();
    let left = deadline::read(&sent).expect("readable");
    assert!(left <= limit && left > limit / 2, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn the_answers_headers_are_inbound_for_the_stack_and_for_who_asks() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let layer = ChildLayer::new(&COUNT).returning(|caller, child| {
        caller.extensions_mut().insert(child.inbound().get("x-version").map(str::to_owned));
    });
    let count = client.post(&COUNT, &peer.target(), Json).binding::<Value>().unwrap().layer(layer);
    let headed =
        |status| answer(status, "application/json", r#"{"v":5}"#).replace("\r\n\r\n", "\r\nx-version: 7\r\n\r\n");
    let (ok, not_found) = (headed("200 OK"), headed("404 Not Found"));
    let (mut first, mut second) = (Context::new(), Context::new());
    let (value, (_, mut line)) = tokio::join!(count.call(&mut first, HELLO), peer.serve(&ok));
    let (error, _) = tokio::join!(count.call(&mut second, HELLO), line.serve(&not_found));
    assert!(value.is_ok() && error.is_err());
    for cx in [first, second] {
        assert_eq!(cx.extensions().get::<Option<String>>(), Some(&Some("7".to_owned())));
        assert!(cx.inbound().is_empty() && cx.outbound().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_server_is_the_same_error_here() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let sent = Error::invalid_argument("the text is empty").with_reason("empty_string");
    let body = problem::response(&sent).into_body().bytes(usize::MAX).await.unwrap();
    let answer = answer("400 Bad Request", problem::CONTENT, std::str::from_utf8(&body).unwrap());
    let (count, mut cx) = (count(&peer), Context::new());
    let (result, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&answer));
    let error = result.unwrap_err();
    assert_eq!(told(&error), (Code::InvalidArgument, Some("empty_string"), Retry::Never));
    assert_eq!((error.message(), error.id()), ("the text is empty", sent.id()));
    assert_eq!(error.outcome(), Outcome::BusinessError);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_error_speaks_by_its_status() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let html = format!("<h1>{}</h1>", "x".repeat(100));
    let endless =
        format!("HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/html\r\ncontent-length: 900000\r\n\r\n{html}");
    for (answer, code) in [
        (answer("502 Bad Gateway", "text/html", &html), Code::Unavailable),
        (answer("404 Not Found", "text/html", &html), Code::NotFound),
        (answer("301 Moved Permanently", "text/html", &html), Code::Unknown),
        (answer("400 Bad Request", problem::CONTENT, "{"), Code::InvalidArgument),
        // Larger than anybody reads of it: refused by what it says of its length.
        (endless, Code::Unavailable),
    ] {
        let (count, mut cx) = (count(&peer), Context::new());
        let (result, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&answer));
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.message()), (code, code.line()), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_what_was_agreed_on_is_the_callees_failure() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (answer, reason) in [
        (json(r#"{"v":"#), "malformed_answer"),
        (json(r#"{"v":"five"}"#), "malformed_answer"),
        (json(""), "malformed_answer"),
        (answer("200 OK", "text/html", "<p>5"), "unexpected_content_type"),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "unexpected_content_type"),
        (five().replace("\r\n\r\n", "\r\ncontent-encoding: br\r\n\r\n"), "unexpected_content_coding"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(), "malformed_answer"),
    ] {
        let (count, mut cx) = (count(&peer), Context::new());
        let (result, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&answer));
        let error = result.unwrap_err();
        // It has run, and another instance may be of another version.
        assert_eq!(told(&error), (Code::Internal, Some(reason), Retry::MayHaveRun), "{answer}");
        assert_eq!((error.outcome(), error.is_bug()), (Outcome::BackendError, false));
        let refused = error.cause::<UnexpectedAnswer>().is_some();
        assert_eq!(refused, reason.starts_with("unexpected"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_says_what_it_says_in_path_query_and_headers() {
    struct Get {
        id: &'static str,
        version: Option<&'static str>,
        fields: Vec<&'static str>,
    }
    static GET: Method = Method::new("profiles", "get").path("/profiles/{id}").idempotent();
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let get = client
        .get(&GET, &peer.target(), Json)
        .parameter("id", |get: &Get| get.id)
        .query("field", |get| get.fields.clone())
        .header(IF_MATCH, |get| get.version)
        .endpoint::<Value>()
        .unwrap();
    let request = Get { id: "a b/c", version: Some("7"), fields: vec!["name", "a&b"] };
    let (mut cx, five) = (Context::new(), five());
    let (value, (request, mut line)) = tokio::join!(get.call(&mut cx, request), peer.serve(&five));
    value.unwrap();
    assert_eq!(request.line(), "GET /profiles/a%20b%2Fc?field=name&field=a%26b HTTP/1.1");
    assert_eq!(request.header("if-match"), Some("7"));
    assert_eq!((request.header("content-type"), request.header("content-length")), (None, None));
    let request = Get { id: "x", version: None, fields: Vec::new() };
    let (value, request) = tokio::join!(get.call(&mut cx, request), line.serve(&five));
    value.unwrap();
    assert_eq!((request.line(), request.header("if-match")), ("GET /profiles/x HTTP/1.1", None));
    // Refused here: the peer sees nothing of it.
    let error = get.call(&mut cx, Get { id: "..", version: None, fields: Vec::new() }).await.unwrap_err();
    assert_eq!(told(&error), (Code::InvalidArgument, Some("bad_path_parameter"), Retry::Never));
    let error = get.call(&mut cx, Get { id: "x", version: Some("a\nb"), fields: Vec::new() }).await.unwrap_err();
    assert_eq!(told(&error), (Code::InvalidArgument, Some("bad_header"), Retry::Never));
}

#[tokio::test(start_paused = true)]
async fn hooks_see_the_message_and_may_refuse_it() {
    const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let key = HeaderValue::from_static("k1");
    let count = client
        .post(&COUNT, &peer.target(), Json)
        .before(move |cx, request| {
            if cx.outbound().is_some_and(|outbound| outbound.get("x-forbidden").is_some()) {
                return Err(Error::permission_denied("not from here"));
            }
            request.headers_mut().insert(SIGNATURE, key.clone());
            Ok(())
        })
        .after(|_cx, response| {
            if response.headers().get(SIGNATURE).is_none() {
                return Err(Error::data_loss("the answer is not signed"));
            }
            *response.status_mut() = http::StatusCode::OK;
            Ok(())
        })
        .binding::<Value>()
        .unwrap();
    let mut cx = Context::new();
    let signed = answer("299 Odd", "application/json", r#"{"v":5}"#).replace("\r\n\r\n", "\r\nx-signature: k2\r\n\r\n");
    let (value, (request, mut line)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&signed));
    assert_eq!(value.unwrap(), Value { v: 5 });
    assert_eq!(request.header("x-signature"), Some("k1"));
    let five = five();
    let (result, _) = tokio::join!(count.call(&mut cx, HELLO), line.serve(&five));
    assert_eq!(result.unwrap_err().code(), Code::DataLoss);
    cx.outbound_mut().insert("x-forbidden", "1").unwrap();
    assert_eq!(count.call(&mut cx, HELLO).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_content_is_read_by_a_decode_of_its_own() {
    static REMOVE: Method = Method::new("profiles", "remove").path("/profiles/{id}").idempotent();
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let remove = client
        .delete(&REMOVE, &peer.target(), Json)
        .parameter("id", |id: &u64| *id)
        .endpoint_with(|cx, response: http::Response<Body>| {
            assert!(cx.stream().is_none(), "nothing is left to read");
            Ok(response.status())
        })
        .unwrap();
    let mut cx = Context::new();
    let (result, (request, mut line)) =
        tokio::join!(remove.call(&mut cx, 7), peer.serve("HTTP/1.1 204 No Content\r\n\r\n"));
    assert_eq!((result.unwrap(), request.line()), (http::StatusCode::NO_CONTENT, "DELETE /profiles/7 HTTP/1.1"));
    // An error is an error for it too.
    let (mut cx, missing) = (Context::new(), answer("404 Not Found", "text/plain", "no"));
    let (result, _) = tokio::join!(remove.call(&mut cx, 7), line.serve(&missing));
    assert_eq!(result.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_cannot_be_called_is_refused_when_it_is_bound() {
    static NOWHERE: Method = Method::new("profiles", "get");
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let error = client.get::<(), _>(&NOWHERE, &peer.target(), Json).endpoint::<Value>().unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("bad_path")));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_spawned_and_is_small() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count(&peer);
    let mut cx = Context::new();
    let size = size_of_val(&count.call(&mut cx, HELLO));
    assert!(size <= 1_536, "{size} bytes");
    let call = tokio::spawn(async move { count.call(&mut cx, HELLO).await });
    peer.serve(&five()).await;
    assert_eq!(call.await.unwrap().unwrap(), Value { v: 5 });
}
