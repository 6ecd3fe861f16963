use std::sync::Arc;

use kit_core::{Channel, Context, Endpoint, Error};
use kit_transport::codec::Json;
use kit_transport::http::server::reply::Reply;
use kit_transport::http::{Request, Response};

use super::Explanation;
use super::pooled::{Replaced, Shared};

/// Answers with what a client does now; made by [`Client::explained`](super::Client::explained).
pub(super) struct Explained<C> {
    pub(super) client: Arc<Shared<C>>,
    pub(super) replaced: Replaced,
}

impl<C: Channel> Endpoint<Request> for Explained<C> {
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let explanation = Explanation::new(&self.client, &self.replaced);
        let reply = Reply::ok().header("cache-control", "no-store");
        let accepts = |accept: &str| accept.contains("json");
        match request.uri().query() == Some("json") || cx.inbound().get("accept").is_some_and(accepts) {
            true => reply.value(&Json, &explanation),
            false => reply.text(format!("{explanation}\n")),
        }
    }
}
