use std::pin::pin;
use std::time::Duration;

use kit_core::recover::{Recover, RecoverLayer};
use kit_core::{Context, Endpoint, Error, Layer as _, StreamEnd};
use tokio::time::timeout_at;

use super::error;

/// The border between two contexts.
#[derive(Clone, Debug)]
pub(super) struct Border<E> {
    /// A panic stops here, as a connection would stop it.
    service: Recover<E>,
    pub(super) max_time: Option<Duration>,
}

/// What comes over it.
pub(super) struct Crossed<T> {
    pub(super) answer: T,
    /// Of the callee's stream, if it answered with one.
    pub(super) stream: Option<StreamEnd>,
}

impl<E> Border<E> {
    /// What a [router](crate::http::server::Router::MAX_TIME) allows too.
    const MAX_TIME: Duration = Duration::from_secs(30);

    pub(super) fn new(service: E) -> Self {
        Self { service: RecoverLayer::new().layer(service), max_time: Some(Self::MAX_TIME) }
    }

    pub(super) async fn cross<Req>(&self, cx: &mut Context, request: Req) -> Result<Crossed<E::Response>, Error>
    where
        E: Endpoint<Req>,
        Req: Send,
    {
        let callee = self.callee(cx);
        if callee.remaining().is_some_and(|left| left.is_zero()) {
            return Err(error::expired());
        }
        let deadline = callee.deadline();
        let ended = {
            let serving = pin!(self.serve(callee, request));
            match deadline {
                None => Some(serving.await),
                Some(deadline) => timeout_at(deadline, serving).await.ok(),
            }
        };
        cx.stamp();
        // Without an end, the callee was dropped with its context, and whatever it spawned is told.
        let (mut callee, result) = ended.ok_or_else(error::late)?;
        cx.set_inbound(callee.take_outbound().unwrap_or_default());
        let stream = callee.stream().cloned();
        callee.finish();
        match result {
            Ok(answer) => Ok(Crossed { answer, stream }),
            Err(error) => Err(error::crossed(&error)),
        }
    }

    /// The context of the callee: what a wire would carry, and nothing else.
    fn callee(&self, cx: &mut Context) -> Context {
        let now = cx.stamp();
        let latest = self.max_time.and_then(|time| now.checked_add(time));
        let deadline = match (cx.deadline(), latest) {
            (Some(given), Some(latest)) => Some(given.min(latest)),
            (given, latest) => given.or(latest),
        };
        let mut callee = Context::at(now).with_deadline(deadline);
        if let Some(method) = cx.method() {
            callee.set_method(method);
        }
        if let Some(id) = cx.request_id() {
            callee.set_request_id(id.clone());
        }
        // A copy: a retry outside sends the same once more.
        if let Some(outbound) = cx.outbound() {
            callee.set_inbound(outbound.clone());
        }
        callee
    }

    async fn serve<Req>(&self, mut callee: Context, request: Req) -> (Context, Result<E::Response, Error>)
    where
        E: Endpoint<Req>,
        Req: Send,
    {
        let result = self.service.call(&mut callee, request).await;
        (callee, result)
    }
}
