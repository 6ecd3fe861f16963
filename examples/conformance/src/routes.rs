//! What suites call.

use std::time::Duration;

use http::{HeaderValue, Method as Verb};
use kit::codec::Json;
use kit::http::client::{Client, Target};
use kit::http::server::extract::{Query, extract};
use kit::http::server::{Binding, Router, RouterService, json};
use kit::http::{Body, Request, Response};
use kit::server::Stack;
use kit::{Context, Endpoint, Error, Method, endpoint_fn, endpoint_with, request_fn};
use serde::Deserialize;
use serde_json::Value;

use crate::rpc;

static SLOW: Method = Method::new("conformance", "slow").path("/slow").idempotent();
static TEST: Method = Method::new("conformance", "test").path("/test");
static RPC: Method = Method::new("conformance", "rpc").path("/rpc");
static CALL: Method = Method::new("conformance", "call");

/// How long `/slow` may be told to take.
const SLOWEST: Duration = Duration::from_secs(20);

/// One call that `/test` shall make, as the W3C trace-context suite writes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// Where to.
    pub url: String,
    /// The body of the call.
    #[serde(default)]
    pub arguments: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Slow {
    /// Milliseconds, up to 20,000.
    #[serde(default)]
    ms: u64,
}

/// All of it:
///
/// | | |
/// |---|---|
/// | any verb `/echo` | the body, with its content type |
/// | `GET /slow?ms=N` | `{"ms":N}` after N milliseconds |
/// | `POST /test` | makes the calls of its body in turn: `[{"url":"http://…","arguments":[…]}]` |
/// | `POST /rpc` | the methods of the JSON-RPC specification's examples: subtract, sum, update, notify_hello, get_data |
///
/// # Errors
/// If a setting of the client is out of its range.
pub fn routes(stack: Stack) -> Result<RouterService, Error> {
    let client = Client::new(Default::default())?;
    let slow = Binding::new(request_fn(slow), extract(|Query(slow): Query<Slow>| Ok(slow)), Json);
    let rpc = rpc::methods(stack.clone())?;
    let mut router = Router::with(stack).get(&SLOW, slow).post(&TEST, json(test(client))).post(&RPC, rpc);
    for verb in [Verb::GET, Verb::POST, Verb::PUT, Verb::PATCH, Verb::DELETE] {
        router = router.route(verb, "/echo", echo());
    }
    router.build()
}

/// Answers with what it was sent, as it comes: the body is never held whole.
fn echo() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |cx, request: Request| {
        let mut response = Response::new(request.into_body());
        if let Some(kind) = cx.inbound().headers().get("content-type") {
            response.headers_mut().insert("content-type", kind.clone());
        }
        Ok(response)
    })
}

async fn slow(slow: Slow) -> Result<Value, Error> {
    let time = Duration::from_millis(slow.ms);
    if time > SLOWEST {
        return Err(Error::invalid_argument("ms is more than 20000").with_reason("too_slow"));
    }
    tokio::time::sleep(time).await;
    Ok(serde_json::json!({ "ms": slow.ms }))
}

fn test(client: Client) -> impl Endpoint<Vec<Call>, Response = Value> + 'static {
    endpoint_with(client, async |client, cx, calls: Vec<Call>| {
        for call in &calls {
            one(client, cx, call).await?;
        }
        Ok(serde_json::json!({ "calls": calls.len() }))
    })
}

/// The suite's own server answers anything; only that it was reached counts.
async fn one(client: &Client, cx: &mut Context, call: &Call) -> Result<(), Error> {
    let uri: http::Uri = call.url.parse().map_err(|_| Error::invalid_argument("a url is malformed"))?;
    if uri.scheme_str() != Some("http") {
        return Err(Error::invalid_argument("a url does not begin with http://"));
    }
    let authority = uri.authority().ok_or_else(|| Error::invalid_argument("a url has no host"))?;
    let backend = client.raw(&Target::parse(&format!("http://{authority}"))?).layer(kit::ChildLayer::new(&CALL));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let body = serde_json::to_vec(&call.arguments).map_err(Error::bug)?;
    let mut request = Request::new(Body::full(body));
    *request.method_mut() = Verb::POST;
    *request.uri_mut() = path.parse().map_err(Error::bug)?;
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    let answer = backend.call(cx, request).await?;
    answer.into_body().bytes(64 * 1024).await?;
    Ok(())
}
