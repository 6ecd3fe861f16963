use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use kit_core::recover::RecoverLayer;
use kit_core::{BoxEndpoint, Context, Endpoint, Error, Layer as _, Method, Outcome, Sizes};

use super::answer::{self, Answer};
use super::request::{self, Item, Message};
use super::{Config, Params, Reply};
use crate::http::server::extract::{FromRequest as _, accepts};
use crate::http::{Request, Response};
use crate::jsonrpc::message::Envelope;
use crate::jsonrpc::{Fault, outcome_of};

/// The methods that stand for calls which reached no endpoint, for labels and logs.
pub mod methods {
    use kit_core::Method;

    /// A body that is no JSON: -32700.
    pub static PARSE_ERROR: Method = Method::new("jsonrpc", "parse_error").idempotent();
    /// What is no request: -32600.
    pub static INVALID_REQUEST: Method = Method::new("jsonrpc", "invalid_request").idempotent();
    /// A name that nobody has: -32601.
    pub static NOT_FOUND: Method = Method::new("jsonrpc", "method_not_found").idempotent();
}

/// JSON-RPC as an endpoint over HTTP, for a route: made by [`Methods`](super::Methods). Clones share the methods.
///
/// # Errors
/// Only what is about HTTP: 415 with a [`MediaTypeError`](crate::http::server::extract::MediaTypeError), 413 with
/// [`BodyTooLarge`](crate::http::BodyTooLarge), a body that broke off. All else is an answer.
///
/// # Cancel safety
/// Dropping the call drops every call that runs for it, and tells what they spawned.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

pub(super) struct Shared {
    pub(super) entries: HashMap<String, Entry>,
    pub(super) parse: Entry,
    pub(super) invalid: Entry,
    pub(super) not_found: Entry,
    pub(super) config: Config,
}

/// A method and what it leads to. Panics end here whatever the layers are: a batch has other calls.
pub(super) struct Entry {
    method: &'static Method,
    endpoint: BoxEndpoint<Params, Reply>,
}

impl Entry {
    pub(super) fn new<E>(method: &'static Method, endpoint: E) -> Self
    where
        E: Endpoint<Params, Response = Reply> + 'static,
    {
        Self { method, endpoint: RecoverLayer::new().layer(endpoint).boxed() }
    }
}

/// A call that is about to be made.
struct Planned<'a> {
    entry: &'a Entry,
    params: Params,
    /// What its answer has as its id; none for a notification.
    id: Option<Bytes>,
}

impl Planned<'_> {
    async fn run(self, cx: &mut Context) -> Answer {
        cx.set_method(self.entry.method);
        let result = self.entry.endpoint.call(cx, self.params).await;
        Answer { json: self.id.map(|id| answer::object(&id, &result)), outcome: cx.outcome_of(&result) }
    }
}

impl Dispatcher {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Shared {
    fn plan<'a>(&'a self, body: &Bytes, item: Item<'_>) -> Planned<'a> {
        // Slices of the body: ids and parameters are never copied.
        let slice = |json: &str| body.slice_ref(json.as_bytes());
        match item {
            Item::Call(call) => {
                let id = call.id.map(slice);
                match self.entries.get(&*call.name) {
                    Some(entry) => Planned { entry, params: Params::new(call.params.map(slice)), id },
                    None => Planned { entry: &self.not_found, params: Params::refused(not_found()), id },
                }
            }
            Item::Invalid(invalid) => {
                let parse = invalid.error.cause() == Some(&Fault::Parse);
                let id = invalid.id.map_or(Bytes::from_static(b"null"), slice);
                let entry = if parse { &self.parse } else { &self.invalid };
                Planned { entry, params: Params::refused(invalid.error), id: Some(id) }
            }
        }
    }

    /// In the context of the exchange: what it writes is the exchange's.
    async fn one(&self, cx: &mut Context, body: &Bytes, item: Item<'_>) -> Answer {
        let planned = self.plan(body, item);
        let mut scope = cx.scope(None);
        let answer = planned.run(&mut scope).await;
        scope.finish();
        answer
    }

    /// Each in a fork, some at a time, on this task: whatever drops the exchange drops them all.
    async fn batch(&self, cx: &mut Context, body: &Bytes, batch: Vec<&str>) -> (Option<Vec<u8>>, Outcome) {
        type Running<'a> = Pin<Box<dyn Future<Output = (usize, Answer)> + Send + 'a>>;

        let mut answers: Vec<Option<Vec<u8>>> = batch.iter().map(|_| None).collect();
        let mut outcomes = vec![Outcome::Success; batch.len()];
        let mut waiting = batch.into_iter().enumerate();
        let mut running: FuturesUnordered<Running<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < self.config.max_concurrent
                && let Some((place, text)) = waiting.next()
            {
                let planned = self.plan(body, request::item(text, &self.config));
                let mut fork = cx.fork();
                *fork.sizes_mut() = Sizes::default();
                fork.sizes_mut().add_received(planned.params.len());
                running.push(Box::pin(async move {
                    let answer = planned.run(&mut fork).await;
                    fork.finish();
                    (place, answer)
                }));
            }
            let Some((place, answer)) = running.next().await else { break };
            (answers[place], outcomes[place]) = (answer.json, answer.outcome);
        }
        cx.stamp();
        (answer::array(answers), outcome_of(outcomes))
    }
}

impl Endpoint<Request> for Dispatcher {
    type Response = Response;

    async fn call(&self, cx: &mut Context, mut request: Request) -> Result<Response, Error> {
        accepts(&Envelope, cx.inbound().headers())?;
        let body = Bytes::from_request(cx, &mut request).await?;
        // A message is too big to be kept while its calls run.
        drop(request);
        let (json, outcome) = match request::read(&body, &self.0.config) {
            Message::One(item) => {
                let answer = self.0.one(cx, &body, item).await;
                (answer.json, answer.outcome)
            }
            Message::Batch(batch) => self.0.batch(cx, &body, batch).await,
        };
        cx.set_outcome(outcome);
        let counted = usize::try_from(cx.sizes().sent()).unwrap_or(usize::MAX);
        cx.sizes_mut().add_sent(json.as_ref().map_or(0, Vec::len).saturating_sub(counted));
        Ok(answer::response(json))
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.entries.keys().collect();
        names.sort_unstable();
        f.debug_struct("Dispatcher").field("methods", &names).field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// A missing method is the caller's mistake here and, as its code says, the callee's failure there: an older instance may be
/// without it.
fn not_found() -> Error {
    Error::unimplemented("there is no such method")
        .with_reason("method_not_found")
        .with_outcome(Outcome::BusinessError)
        .with_cause(Fault::MethodNotFound)
}
