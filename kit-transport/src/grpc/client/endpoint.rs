//! The four kinds, each at one target and at whoever was picked.

use std::sync::Arc;

use kit_core::{Context, Endpoint, Error, Routed, Streaming};

use super::binding::{BidiStream, Binding, ClientStream, ServerStream, Unary};
use crate::codec::{Decode, Encode, Messages};
use crate::http::client::{Channel, Picked};

impl<Req, Res, C> Endpoint<Req> for Binding<Unary, Res, C, Arc<Channel>>
where
    Req: Send,
    Res: Send,
    C: Encode<Req> + Decode<Res>,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        let outgoing = self.wire.one(&request);
        // Not kept while it waits: the message has all of it.
        drop(request);
        self.wire.answer(cx, &self.at, outgoing).await
    }
}

impl<Req, Res, C> Endpoint<Routed<Arc<Channel>, Req>> for Binding<Unary, Res, C, Picked>
where
    Req: Send,
    Res: Send,
    C: Encode<Req> + Decode<Res>,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, routed: Routed<Arc<Channel>, Req>) -> Result<Res, Error> {
        let Routed { channel, request, .. } = routed;
        let outgoing = self.wire.one(&request);
        drop(request);
        self.wire.answer(cx, &channel, outgoing).await
    }
}

impl<Req, Res, C> Endpoint<Req> for Binding<ServerStream, Res, C, Arc<Channel>>
where
    Req: Send,
    Res: Send + 'static,
    C: Encode<Req> + Decode<Res> + Unpin,
{
    type Response = Streaming<Res>;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Streaming<Res>, Error> {
        let outgoing = self.wire.one(&request);
        drop(request);
        self.wire.stream(cx, &self.at, outgoing).await
    }
}

impl<Req, Res, C> Endpoint<Routed<Arc<Channel>, Req>> for Binding<ServerStream, Res, C, Picked>
where
    Req: Send,
    Res: Send + 'static,
    C: Encode<Req> + Decode<Res> + Unpin,
{
    type Response = Streaming<Res>;

    async fn call(&self, cx: &mut Context, routed: Routed<Arc<Channel>, Req>) -> Result<Streaming<Res>, Error> {
        let Routed { channel, request, .. } = routed;
        let outgoing = self.wire.one(&request);
        drop(request);
        self.wire.stream(cx, &channel, outgoing).await
    }
}

impl<Req, Res, C> Endpoint<Messages<Req>> for Binding<ClientStream, Res, C, Arc<Channel>>
where
    Req: Send + 'static,
    Res: Send,
    C: Encode<Req> + Decode<Res>,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, requests: Messages<Req>) -> Result<Res, Error> {
        self.wire.answer(cx, &self.at, Ok(self.wire.many(requests))).await
    }
}

impl<Req, Res, C> Endpoint<Routed<Arc<Channel>, Messages<Req>>> for Binding<ClientStream, Res, C, Picked>
where
    Req: Send + 'static,
    Res: Send,
    C: Encode<Req> + Decode<Res>,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, routed: Routed<Arc<Channel>, Messages<Req>>) -> Result<Res, Error> {
        let Routed { channel, request, .. } = routed;
        self.wire.answer(cx, &channel, Ok(self.wire.many(request))).await
    }
}

impl<Req, Res, C> Endpoint<Messages<Req>> for Binding<BidiStream, Res, C, Arc<Channel>>
where
    Req: Send + 'static,
    Res: Send + 'static,
    C: Encode<Req> + Decode<Res> + Unpin,
{
    type Response = Streaming<Res>;

    async fn call(&self, cx: &mut Context, requests: Messages<Req>) -> Result<Streaming<Res>, Error> {
        self.wire.stream(cx, &self.at, Ok(self.wire.many(requests))).await
    }
}

impl<Req, Res, C> Endpoint<Routed<Arc<Channel>, Messages<Req>>> for Binding<BidiStream, Res, C, Picked>
where
    Req: Send + 'static,
    Res: Send + 'static,
    C: Encode<Req> + Decode<Res> + Unpin,
{
    type Response = Streaming<Res>;

    async fn call(
        &self,
        cx: &mut Context,
        routed: Routed<Arc<Channel>, Messages<Req>>,
    ) -> Result<Streaming<Res>, Error> {
        let Routed { channel, request, .. } = routed;
        self.wire.stream(cx, &channel, Ok(self.wire.many(request))).await
    }
}
