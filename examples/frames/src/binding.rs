//! Endpoints on frames: messages in and out are bytes, as layers round any of the four kinds of call may see them.

use std::marker::PhantomData;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use kit::codec::{Decode, Encode, Messages};
use kit::{Context, Endpoint, Error, StreamEnd, Streaming};

/// Messages as they leave.
pub(crate) enum Answer {
    One(Bytes),
    /// And where the trailers are at their end.
    Many(BoxStream<'static, Result<Bytes, Error>>, StreamEnd),
}

/// An endpoint of this kind of call.
pub(crate) struct Binding<C, E, Call> {
    codec: C,
    endpoint: E,
    call: PhantomData<fn(Call)>,
}

/// One message in, one out.
pub(crate) struct Unary<Req>(Req);
/// One in, many out.
pub(crate) struct ServerStream<Req>(Req);
/// Many in, one out.
pub(crate) struct ClientStream<Req>(Req);
/// Many in, many out.
pub(crate) struct Bidi<Req>(Req);

impl<C, E, Call> Binding<C, E, Call> {
    pub(crate) fn new(codec: C, endpoint: E) -> Self {
        Self { codec, endpoint, call: PhantomData }
    }
}

impl<C, E, Req> Endpoint<Messages<Bytes>> for Binding<C, E, Unary<Req>>
where
    C: Decode<Req> + Encode<E::Response>,
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = Answer;

    async fn call(&self, cx: &mut Context, messages: Messages<Bytes>) -> Result<Answer, Error> {
        let request = self.codec.decode(&only(messages).await?)?;
        let answer = self.endpoint.call(cx, request).await?;
        self.codec.encode(&answer).map(Answer::One)
    }
}

impl<C, E, Req, Res> Endpoint<Messages<Bytes>> for Binding<C, E, ServerStream<Req>>
where
    C: Decode<Req> + Encode<Res>,
    E: Endpoint<Req, Response = Streaming<Res>>,
    Req: Send,
    Res: Send + 'static,
{
    type Response = Answer;

    async fn call(&self, cx: &mut Context, messages: Messages<Bytes>) -> Result<Answer, Error> {
        let request = self.codec.decode(&only(messages).await?)?;
        let answers = self.endpoint.call(cx, request).await?;
        Ok(many(self.codec.clone(), answers))
    }
}

impl<C, E, Req> Endpoint<Messages<Bytes>> for Binding<C, E, ClientStream<Req>>
where
    C: Decode<Req> + Encode<E::Response>,
    E: Endpoint<Messages<Req>>,
    Req: Send + 'static,
{
    type Response = Answer;

    async fn call(&self, cx: &mut Context, messages: Messages<Bytes>) -> Result<Answer, Error> {
        let answer = self.endpoint.call(cx, decoded(self.codec.clone(), messages)).await?;
        self.codec.encode(&answer).map(Answer::One)
    }
}

impl<C, E, Req, Res> Endpoint<Messages<Bytes>> for Binding<C, E, Bidi<Req>>
where
    C: Decode<Req> + Encode<Res>,
    E: Endpoint<Messages<Req>, Response = Streaming<Res>>,
    Req: Send + 'static,
    Res: Send + 'static,
{
    type Response = Answer;

    async fn call(&self, cx: &mut Context, messages: Messages<Bytes>) -> Result<Answer, Error> {
        let answers = self.endpoint.call(cx, decoded(self.codec.clone(), messages)).await?;
        Ok(many(self.codec.clone(), answers))
    }
}

/// The one message of a call that has one.
async fn only(mut messages: Messages<Bytes>) -> Result<Bytes, Error> {
    let none = || Error::invalid_argument("the call has no message").with_reason("no_message");
    messages.next().await.ok_or_else(none)?
}

fn decoded<C: Decode<T>, T: 'static>(codec: C, messages: Messages<Bytes>) -> Messages<T> {
    Messages::new(messages.map(move |message| message.and_then(|bytes| codec.decode(&bytes))))
}

fn many<C: Encode<T>, T: Send + 'static>(codec: C, answers: Streaming<T>) -> Answer {
    let end = answers.end().clone();
    Answer::Many(answers.map(move |answer| answer.and_then(|answer| codec.encode(&answer))).boxed(), end)
}
