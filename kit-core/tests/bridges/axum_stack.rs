//! kit layers in an axum application.

use axum::body::Body;
use axum::extract::Extension;
use axum::routing::get;
use axum::{Router, serve};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kit_core::bridge::{KitLayer, Slot};
use kit_core::{Code, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::*;

/// What a transport's table of codes would say.
fn respond(error: &Error) -> Response<Body> {
    let status = match error.code() {
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = Response::new(Body::from(error.message().to_owned()));
    *response.status_mut() = status;
    response
}

/// Says what it sees of the context and of the request.
async fn look(Extension(slot): Extension<Slot>, headers: HeaderMap) -> String {
    let left = slot.with(|cx| {
        cx.extensions_mut().insert(Word("from the handler"));
        cx.remaining()
    });
    let agents = headers.get_all("x-tag").iter().map(|tag| tag.to_str().unwrap_or("?")).collect::<Vec<_>>();
    format!("{:?} left, tags {}", left.flatten(), agents.join("+"))
}

/// Never answers; hands out a token first.
async fn hang(Extension(slot): Extension<Slot>, Extension(tokens): Extension<mpsc::Sender<Cancel>>) -> &'static str {
    let token = slot.with(kit_core::Context::cancel_token).expect("the context is in its slot");
    tokens.send(token).await.expect("the test listens");
    // The slot stays here: work that a handler leaves behind may hold it too.
    let _slot = slot;
    std::future::pending().await
}

/// An application with two routes, under kit layers for all of it.
fn app(notes: Noting) -> (Router, mpsc::Receiver<Cancel>) {
    let (send, tokens) = mpsc::channel(4);
    let app = Router::new().route("/look", get(look)).route("/hang", get(hang));
    let app = app.layer(KitLayer::new(LimitLayer(LIMIT), respond)).layer(KitLayer::new(notes, respond));
    (app.layer(Extension(send)), tokens)
}

fn request(path: &str) -> Request<Body> {
    let request = Request::get(path).header("x-tag", "a").header("x-tag", "b");
    request.body(Body::empty()).expect("a request")
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.into()).expect("text")
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_the_deadline_of_a_kit_layer_and_its_own_headers() {
    let notes = Noting::default();
    let (app, _tokens) = app(notes.clone());
    let response = app.oneshot(request("/look")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-noted"], "yes", "outbound metadata becomes headers");
    assert_eq!(text(response).await, "Some(1s) left, tags a+b");
    assert_eq!(notes.ends(), [Outcome::Success]);
}

#[tokio::test(start_paused = true)]
async fn a_kit_error_becomes_the_response_that_respond_makes() {
    let notes = Noting::default();
    let (app, mut tokens) = app(notes.clone());
    let began = Instant::now();
    let (response, token) = tokio::join!(app.oneshot(request("/hang")), tokens.recv());
    let response = response.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(began.elapsed(), LIMIT);
    assert_eq!(response.headers()["x-noted"], "yes", "on an error too");
    assert_eq!(text(response).await, Code::DeadlineExceeded.line());
    assert_eq!(notes.ends(), [Outcome::TimedOut], "the layer outside sees a response, and what it stands for");
    assert_eq!(token.expect("a token").checkpoint().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_response_of_the_frameworks_own_tells_the_layers_by_its_status() {
    let notes = Noting::default();
    let (app, _tokens) = app(notes.clone());
    assert_eq!(app.oneshot(request("/nowhere")).await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(notes.ends(), [Outcome::BusinessError]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_tells_the_token() {
    let (app, mut tokens) = app(Noting::default());
    let call = tokio::spawn(app.oneshot(request("/hang")));
    let token = tokens.recv().await.unwrap();
    let work = left_behind(token.clone());
    assert!(!token.is_cancelled());
    let gone = Instant::now();
    call.abort();
    assert_eq!(work.await.unwrap(), gone);
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_leaves_in_the_slot_is_there_for_the_layers_outside() {
    #[derive(Clone)]
    struct Reads(Arc<Mutex<Option<bool>>>);
    struct Read<E>(E, Reads);
    impl<E> Layer<E> for Reads {
        type Service = Read<E>;
        fn layer(&self, inner: E) -> Read<E> {
            Read(inner, self.clone())
        }
    }
    impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Read<E> {
        type Response = E::Response;
        async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
            let response = self.0.call(cx, request).await?;
            *self.1.0.lock().unwrap() = Some(cx.extensions().get::<Word>() == Some(&Word("from the handler")));
            Ok(response)
        }
    }
    let reads = Reads(Arc::default());
    let app = Router::new().route("/look", get(look)).layer(KitLayer::new(reads.clone(), respond));
    assert_eq!(text(app.oneshot(request("/look")).await.unwrap()).await, "None left, tags a+b");
    assert_eq!(*reads.0.lock().unwrap(), Some(true));
}

#[tokio::test]
async fn the_same_application_on_a_socket() {
    let (app, _tokens) = app(Noting::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { serve(listener, app).await });
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = "GET /look HTTP/1.1\r\nhost: kit\r\nx-tag: a\r\nx-tag: b\r\nconnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nx-noted: yes"), "{head}");
    assert!(body.starts_with("Some(") && body.ends_with(" left, tags a+b"), "{body}");
    server.abort();
}
