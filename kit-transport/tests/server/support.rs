use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use kit_core::{Error, Outcome, request_fn};
use kit_transport::http::Body;
use kit_transport::http::server::{Finished, Router, RouterService, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt as _;

#[derive(Deserialize, Serialize)]
pub(crate) struct Text {
    pub(crate) s: String,
}

/// `POST /uppercase`, the other routes of the test, and nothing round them.
pub(crate) fn uppercase(router: Router) -> Router {
    router.post(
        "/uppercase",
        json(request_fn(async |text: Text| match text.s.is_empty() {
            true => Err(Error::invalid_argument("the string is empty").with_reason("empty_string")),
            false => Ok(Text { s: text.s.to_uppercase() }),
        })),
    )
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The code and the reason of a problem.
    pub(crate) fn problem(&self) -> (String, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert_eq!(json["id"].as_str().map(str::len), Some(16));
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        (text("code"), text("reason"))
    }
}

pub(crate) async fn send(service: &RouterService, request: Request<Body>) -> Answer {
    let response: Result<_, Infallible> = service.clone().oneshot(request).await;
    let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
    let body = body.bytes(1 << 20).await.expect("a whole body");
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn request(verb: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(verb).uri(path).body(body.into()).expect("a request")
}

pub(crate) fn post_json(path: &str, body: &'static str) -> Request<Body> {
    let mut request = request("POST", path, body);
    request.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    request
}

/// What a finalizer heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
    pub(crate) error: Option<String>,
    pub(crate) note: Option<&'static str>,
}

/// What a handler leaves for the finalizer.
#[derive(Clone, Copy)]
pub(crate) struct Note(pub(crate) &'static str);

#[derive(Clone, Default)]
pub(crate) struct Ears(Arc<Mutex<Vec<Heard>>>);

impl Ears {
    pub(crate) fn listen(&self) -> impl Fn(&Finished<'_>) + Send + Sync + 'static {
        let heard = Arc::clone(&self.0);
        move |finished| {
            heard.lock().unwrap().push(Heard {
                outcome: finished.outcome,
                status: finished.status.map(|status| status.as_u16()),
                bytes: finished.bytes,
                error: finished.error.map(|error| error.code().to_string()),
                note: finished.context.extensions().get::<Note>().map(|note| note.0),
            });
        }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }

    /// What was heard of one exchange: exactly one end.
    pub(crate) fn one(&self) -> Heard {
        let heard = std::mem::take(&mut *self.0.lock().unwrap());
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard[0].clone()
    }
}
