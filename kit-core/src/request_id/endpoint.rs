use std::fmt;
use std::sync::Arc;

use http::header::HeaderName;

use super::{KEY, RequestId};
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sources::Ids;

/// Made once: a name that is text is read and hashed at each look.
static NAME: HeaderName = HeaderName::from_static(KEY);

/// Names a call: by the caller's `x-request-id` if that is a valid [`RequestId`], by a new id otherwise.
///
/// The transport returns the name, also with an error; this layer writes no metadata.
#[derive(Clone)]
pub struct WithRequestId<E> {
    inner: E,
    ids: Arc<dyn Ids>,
}

impl<E> WithRequestId<E> {
    pub(super) fn new(inner: E, ids: Arc<dyn Ids>) -> Self {
        Self { inner, ids }
    }
}

impl<E, Req> Endpoint<Req> for WithRequestId<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    // No `async`: nothing happens after the inner call, so its future is the answer.
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        if cx.request_id().is_none() {
            let given = cx.inbound().headers().get(&NAME).and_then(|id| RequestId::parse(id.to_str().ok()?));
            cx.set_request_id(given.unwrap_or_else(|| RequestId::from_bits(self.ids.next_id())));
        }
        self.inner.call(cx, request)
    }
}

impl<E: fmt::Debug> fmt::Debug for WithRequestId<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithRequestId").field(&self.inner).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request_id::RequestIdLayer;
    use crate::sources::CountingIds;
    use crate::{Metadata, endpoint_fn};

    async fn name(given: Option<&str>) -> String {
        let endpoint = endpoint_fn(async |cx, ()| Ok(cx.request_id().map(ToString::to_string)))
            .layer(RequestIdLayer::new(CountingIds::from(9)));
        let mut cx = Context::new();
        if let Some(given) = given {
            let mut inbound = Metadata::default();
            inbound.insert(KEY, given).unwrap();
            cx.set_inbound(inbound);
        }
        endpoint.call(&mut cx, ()).await.unwrap().expect("a name")
    }

    #[tokio::test]
    async fn a_valid_name_is_kept_and_any_other_replaced() {
        assert_eq!(name(Some("abc-1")).await, "abc-1");
        assert_eq!(name(Some("a b")).await, format!("{:032x}", 9));
        assert_eq!(name(None).await, format!("{:032x}", 9));
    }

    #[tokio::test]
    async fn a_call_that_has_a_name_keeps_it() {
        let endpoint = endpoint_fn(async |cx, ()| Ok(cx.request_id().cloned())).layer(RequestIdLayer::default());
        let mut cx = Context::new();
        cx.set_request_id(RequestId::from_bits(1));
        assert_eq!(endpoint.call(&mut cx, ()).await.unwrap(), Some(RequestId::from_bits(1)));
    }
}
