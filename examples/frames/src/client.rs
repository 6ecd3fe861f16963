use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use kit::codec::{Decode, Encode, Messages};
use kit::task::Owned;
use kit::{BoxError, Code, Context, Endpoint, Error, Method, Outcome, Retry, StreamEnd, Streaming, endpoint_with};
use tokio::io;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout_at;

use crate::frame::{self, Frame, Kind};
use crate::head;
use crate::server::{name, too_large};

/// How long a call may take whose context has no deadline.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// Calls the services of one server, each call on a connection of its own. Its endpoints call with the context that they are given.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    server: SocketAddr,
    max_message: usize,
}

impl Client {
    /// Calls this server.
    pub fn new(server: SocketAddr) -> Self {
        Self { server, max_message: crate::MAX_MESSAGE }
    }

    /// With another limit on the size of an answer's messages, in bytes.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// One request, one answer.
    pub fn unary<C, Req, Res>(self, method: &'static Method, codec: C) -> impl Endpoint<Req, Response = Res> + 'static
    where
        C: Encode<Req> + Decode<Res>,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        let call = async |(client, codec): &(Calling, C), cx: &mut Context, request: Req| {
            let message = codec.encode(&request).map_err(unsent)?;
            client.one(cx, codec, only(message)).await
        };
        endpoint_with((Calling { client: self, method }, codec), call)
    }

    /// One request, many answers.
    pub fn server_stream<C, Req, Res>(
        self,
        method: &'static Method,
        codec: C,
    ) -> impl Endpoint<Req, Response = Streaming<Res>> + 'static
    where
        C: Encode<Req> + Decode<Res>,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        let call = async |(client, codec): &(Calling, C), cx: &mut Context, request: Req| {
            let message = codec.encode(&request).map_err(unsent)?;
            client.many(cx, codec, only(message)).await
        };
        endpoint_with((Calling { client: self, method }, codec), call)
    }

    /// Many requests, one answer.
    pub fn client_stream<C, Req, Res>(
        self,
        method: &'static Method,
        codec: C,
    ) -> impl Endpoint<Messages<Req>, Response = Res> + 'static
    where
        C: Encode<Req> + Decode<Res>,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        let call = async |(client, codec): &(Calling, C), cx: &mut Context, requests: Messages<Req>| {
            client.one(cx, codec, encoded(codec.clone(), requests)).await
        };
        endpoint_with((Calling { client: self, method }, codec), call)
    }

    /// Many requests, many answers.
    pub fn bidi<C, Req, Res>(
        self,
        method: &'static Method,
        codec: C,
    ) -> impl Endpoint<Messages<Req>, Response = Streaming<Res>> + 'static
    where
        C: Encode<Req> + Decode<Res>,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        let call = async |(client, codec): &(Calling, C), cx: &mut Context, requests: Messages<Req>| {
            client.many(cx, codec, encoded(codec.clone(), requests)).await
        };
        endpoint_with((Calling { client: self, method }, codec), call)
    }
}

/// What is called, and where.
struct Calling {
    client: Client,
    method: &'static Method,
}

impl Calling {
    async fn one<C, Res>(&self, cx: &mut Context, codec: &C, messages: Messages<Bytes>) -> Result<Res, Error>
    where
        C: Decode<Res>,
    {
        let (deadline, left) = time(cx)?;
        let answering = async {
            let mut line = self.open(cx, left, messages).await?;
            let Some(message) = line.message().await? else { return Err(malformed("no answer")) };
            match line.message().await? {
                None => codec.decode(&message).map_err(malformed),
                Some(_) => Err(malformed("a second answer")),
            }
        };
        let answered = timeout_at(deadline, answering).await;
        cx.stamp();
        answered.unwrap_or_else(|_| Err(Code::DeadlineExceeded.into()))
    }

    async fn many<C, Res>(
        &self,
        cx: &mut Context,
        codec: &C,
        messages: Messages<Bytes>,
    ) -> Result<Streaming<Res>, Error>
    where
        C: Decode<Res>,
        Res: Send + 'static,
    {
        let (deadline, left) = time(cx)?;
        let opened = timeout_at(deadline, self.open(cx, left, messages)).await;
        cx.stamp();
        let line = opened.unwrap_or_else(|_| Err(Code::DeadlineExceeded.into()))?;
        let (end, codec) = (Arc::clone(&line.end), codec.clone());
        let answers = stream::unfold((line, codec), async |(mut line, codec)| {
            let answer = match line.message().await.transpose()? {
                Ok(message) => codec.decode(&message).map_err(malformed),
                Err(error) => Err(error),
            };
            Some((answer, (line, codec)))
        });
        // A stream ends at its call's deadline, also at the one that it was given here.
        let mut scope = cx.scope(Some(deadline));
        let streaming = Streaming::new(&mut scope, answers);
        scope.finish();
        // Before anybody can read it.
        let _ = end.set(streaming.end().clone());
        Ok(streaming)
    }

    /// A connection whose callee has begun to answer. Its messages are sent as the callee takes them.
    async fn open(&self, cx: &mut Context, left: Duration, messages: Messages<Bytes>) -> Result<Line, Error> {
        let stream = TcpStream::connect(self.client.server).await.map_err(|cause| {
            Error::boundary(Code::Unavailable, cause).with_reason("connect_failed").with_retry(Retry::Safe)
        })?;
        stream.set_nodelay(true).map_err(lost)?;
        let (reader, writer) = stream.into_split();
        let head = head::write_call(cx, left, &name(self.method));
        let sending = Owned::spawn(send(writer, head, messages));
        let mut line = Line { reader, max_message: self.client.max_message, end: Arc::default(), _sending: sending };
        match line.next().await? {
            (Kind::Head, bytes) => {
                cx.set_inbound(head::read_metadata(&bytes).ok_or_else(|| malformed("its head"))?);
                Ok(line)
            }
            _ => Err(malformed("it has no head")),
        }
    }
}

/// When a call is to end, and what is left until then.
fn time(cx: &mut Context) -> Result<(tokio::time::Instant, Duration), Error> {
    // Whoever calls may have waited since the clock was read.
    let now = cx.stamp();
    let deadline = cx.deadline().unwrap_or(now + DEFAULT_TIME);
    let left = deadline.saturating_duration_since(now);
    if left.is_zero() {
        return Err(Error::from_code(Code::DeadlineExceeded)
            .with_reason("deadline_before_call")
            .with_outcome(Outcome::Rejected)
            .with_retry(Retry::Safe));
    }
    Ok((deadline, left))
}

/// The connection of one call. Dropped, it is closed, which is how a callee learns that nobody waits any more.
struct Line {
    reader: OwnedReadHalf,
    max_message: usize,
    /// Where trailers go, if the answer is a stream.
    end: Arc<OnceLock<StreamEnd>>,
    /// It has the other half.
    _sending: Owned<()>,
}

impl Line {
    /// The next message of the answer; none at its end.
    async fn message(&mut self) -> Result<Option<Bytes>, Error> {
        match self.next().await? {
            (Kind::Message, message) => Ok(Some(message)),
            (Kind::End, trailers) => {
                self.keep(head::read_metadata(&trailers).ok_or_else(|| malformed("its trailers"))?);
                Ok(None)
            }
            _ => Err(malformed("a frame that has no place there")),
        }
    }

    async fn next(&mut self) -> Result<(Kind, Bytes), Error> {
        match frame::read(&mut self.reader, self.max_message).await.map_err(lost)? {
            Some(Frame::Whole(Kind::Error, bytes)) => {
                let (error, trailers) = head::read_error(&bytes).ok_or_else(|| malformed("its error"))?;
                self.keep(trailers);
                Err(error)
            }
            Some(Frame::Whole(kind, bytes)) => Ok((kind, bytes)),
            Some(Frame::TooLarge) => Err(too_large("the answer is too large")),
            None => Err(lost("the connection ended before the answer")),
        }
    }

    fn keep(&self, trailers: kit::Metadata) {
        if let Some(end) = self.end.get() {
            end.with_trailers(|kept| *kept = trailers);
        }
    }
}

/// Sends a call, and keeps its side of the connection open until it is dropped.
async fn send(mut writer: OwnedWriteHalf, head: Vec<u8>, mut messages: Messages<Bytes>) {
    let sent: io::Result<()> = async {
        frame::write(&mut writer, Kind::Head, &head).await?;
        while let Some(message) = messages.next().await {
            // What the caller has no message for, the callee shall not take for the end.
            let message = message.map_err(io::Error::other)?;
            frame::write(&mut writer, Kind::Message, &message).await?;
        }
        frame::write(&mut writer, Kind::End, &[]).await
    }
    .await;
    // A source that has ended has no more to hold. If the callee has closed, what it said before says why.
    drop(messages);
    if sent.is_ok() {
        pending().await
    }
}

fn only(message: Bytes) -> Messages<Bytes> {
    Messages::new(stream::once(std::future::ready(Ok(message))))
}

fn encoded<C: Encode<T>, T: Send + 'static>(codec: C, messages: Messages<T>) -> Messages<Bytes> {
    Messages::new(messages.map(move |message| message.and_then(|message| codec.encode(&message))))
}

/// A request that this format cannot say: nothing was sent, and it would fail again.
fn unsent(error: Error) -> Error {
    error.with_retry(Retry::Never)
}

fn lost(cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::Unavailable, cause).with_reason("connection_lost")
}

fn malformed(cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::Internal, cause)
        .with_message("the answer of another service could not be read")
        .with_reason("malformed_answer")
}
