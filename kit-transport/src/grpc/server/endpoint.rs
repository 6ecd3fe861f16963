use std::pin::pin;

use kit_core::{Context, Endpoint, Error, Streaming};

use super::binding::{BidiStream, Binding, ClientStream, ServerStream, Unary};
use super::call::{Call, only, until};
use crate::codec::{Decode, Encode, Messages};
use crate::grpc::frame::read;
use crate::http::keep::by;
use crate::http::{Request, Response};

impl<E, Req, C> Endpoint<Request> for Binding<E, Req, Unary, C>
where
    E: Endpoint<Req>,
    C: Decode<Req> + Encode<E::Response>,
    Req: Send,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let call = Call::open(cx, &request, &self.codec, self.config)?;
        let mut frames = call.frames(request.into_body());
        let message = only(cx, &mut frames).await?;
        let message = frames.decode(&self.codec, &message)?;
        drop(frames);
        let until = until(cx)?;
        let answer = by(until, pin!(self.endpoint.call(cx, message))).await?;
        call.answer(cx, &answer)
    }
}

impl<E, Req, Res, C> Endpoint<Request> for Binding<E, Req, ServerStream, C>
where
    E: Endpoint<Req, Response = Streaming<Res>>,
    C: Decode<Req> + Encode<Res>,
    Req: Send,
    Res: 'static,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let call = Call::open(cx, &request, &self.codec, self.config)?;
        let mut frames = call.frames(request.into_body());
        let message = only(cx, &mut frames).await?;
        let message = frames.decode(&self.codec, &message)?;
        drop(frames);
        let until = until(cx)?;
        let answer = by(until, pin!(self.endpoint.call(cx, message))).await?;
        Ok(call.stream(cx, answer))
    }
}

impl<E, Req, C> Endpoint<Request> for Binding<E, Req, ClientStream, C>
where
    E: Endpoint<Messages<Req>>,
    C: Decode<Req> + Encode<E::Response>,
    Req: Send + 'static,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let call = Call::open(cx, &request, &self.codec, self.config)?;
        let until = until(cx)?;
        let messages = self.messages(&call, request);
        let answer = by(until, pin!(self.endpoint.call(cx, messages))).await?;
        call.answer(cx, &answer)
    }
}

impl<E, Req, Res, C> Endpoint<Request> for Binding<E, Req, BidiStream, C>
where
    E: Endpoint<Messages<Req>, Response = Streaming<Res>>,
    C: Decode<Req> + Encode<Res>,
    Req: Send + 'static,
    Res: 'static,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let call = Call::open(cx, &request, &self.codec, self.config)?;
        let until = until(cx)?;
        let messages = self.messages(&call, request);
        let answer = by(until, pin!(self.endpoint.call(cx, messages))).await?;
        Ok(call.stream(cx, answer))
    }
}

impl<E, Req, K, C> Binding<E, Req, K, C>
where
    C: Decode<Req>,
    Req: 'static,
{
    /// The messages as they come: a caller that streams speaks when it has something to say, so nothing is too slow.
    fn messages(&self, call: &Call<C>, request: Request) -> Messages<Req> {
        let mut body = request.into_body();
        body.lift_pace();
        read(self.codec.clone(), call.frames(body))
    }
}
