use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use kit::codec::{Decode, Encode, Messages};
use kit::recover::RecoverLayer;
use kit::{BoxEndpoint, Code, Context, Endpoint, Error, Metadata, Method, Retry, Streaming};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{timeout, timeout_at};

use crate::binding::{Answer, Bidi, Binding, ClientStream, ServerStream, Unary};
use crate::frame::{self, Frame, Kind};
use crate::head::{self, Head};

/// How long a call may take, whatever its caller says.
const MAX_TIME: Duration = Duration::from_secs(30);
/// How long a caller may take to say what it calls, and to leave once it was answered.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most connections at a time; who comes then waits in the system's queue.
const MAX_CONNECTIONS: usize = 1_000;

/// Endpoints by their method, and what serves them.
pub struct Server {
    services: HashMap<String, Service>,
    max_message: usize,
}

struct Service {
    method: &'static Method,
    endpoint: BoxEndpoint<Messages<Bytes>, Answer>,
}

impl Server {
    /// One without endpoints.
    pub fn new() -> Self {
        Self { services: HashMap::new(), max_message: crate::MAX_MESSAGE }
    }

    /// With another limit on the size of a request's messages, in bytes.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Serves an endpoint of one request and one answer.
    #[must_use]
    pub fn unary<C, E, Req>(self, method: &'static Method, codec: C, endpoint: E) -> Self
    where
        C: Decode<Req> + Encode<E::Response>,
        E: Endpoint<Req> + 'static,
        Req: Send + 'static,
    {
        self.method(method, Binding::<C, E, Unary<Req>>::new(codec, endpoint))
    }

    /// Serves an endpoint of one request and many answers.
    #[must_use]
    pub fn server_stream<C, E, Req, Res>(self, method: &'static Method, codec: C, endpoint: E) -> Self
    where
        C: Decode<Req> + Encode<Res>,
        E: Endpoint<Req, Response = Streaming<Res>> + 'static,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        self.method(method, Binding::<C, E, ServerStream<Req>>::new(codec, endpoint))
    }

    /// Serves an endpoint of many requests and one answer.
    #[must_use]
    pub fn client_stream<C, E, Req>(self, method: &'static Method, codec: C, endpoint: E) -> Self
    where
        C: Decode<Req> + Encode<E::Response>,
        E: Endpoint<Messages<Req>> + 'static,
        Req: Send + 'static,
    {
        self.method(method, Binding::<C, E, ClientStream<Req>>::new(codec, endpoint))
    }

    /// Serves an endpoint of many requests and many answers.
    #[must_use]
    pub fn bidi<C, E, Req, Res>(self, method: &'static Method, codec: C, endpoint: E) -> Self
    where
        C: Decode<Req> + Encode<Res>,
        E: Endpoint<Messages<Req>, Response = Streaming<Res>> + 'static,
        Req: Send + 'static,
        Res: Send + 'static,
    {
        self.method(method, Binding::<C, E, Bidi<Req>>::new(codec, endpoint))
    }

    fn method<B>(mut self, method: &'static Method, binding: B) -> Self
    where
        B: Endpoint<Messages<Bytes>, Response = Answer> + 'static,
    {
        // A panic ends its call, and the connection goes on to say so.
        let endpoint = binding.layer(RecoverLayer::new()).boxed();
        self.services.insert(name(method), Service { method, endpoint });
        self
    }

    /// Serves what connects, until it is dropped.
    ///
    /// # Errors
    /// What accepting fails with.
    ///
    /// # Cancel safety
    /// Dropping it cuts every connection off and tells what the calls on them have spawned.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let server = Arc::new(self);
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
            let (stream, _) = listener.accept().await?;
            let server = Arc::clone(&server);
            connections.spawn(async move {
                // What breaks off has no caller to tell.
                let _ = server.connection(stream).await;
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connection(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = stream.into_split();
        let first = timeout(PATIENCE, frame::read(&mut reader, 0)).await??;
        let Some(Frame::Whole(Kind::Head, bytes)) = first else { return Ok(()) };
        let Some(head) = head::read_call(&bytes) else {
            let refused = Error::invalid_argument("the head of the call is malformed").with_reason("bad_head");
            return fail(&mut writer, &refused, &Metadata::default()).await;
        };
        let (send, mut receive) = mpsc::channel(1);
        let messages = Messages::new(stream::poll_fn(move |task| receive.poll_recv(task)));
        let left = caller(&mut reader, self.max_message, send);
        tokio::pin!(left);
        tokio::select! {
            // Dropped with its context: whatever it spawned is told.
            () = &mut left => return Ok(()),
            answered = self.call(head, messages, &mut writer) => answered?,
        }
        // To close on unread input would reset the connection, and perhaps lose the answer.
        let _ = timeout(PATIENCE, left).await;
        Ok(())
    }

    /// One call, whole.
    async fn call(&self, head: Head, messages: Messages<Bytes>, writer: &mut OwnedWriteHalf) -> io::Result<()> {
        let Some(service) = self.services.get(&head.method) else {
            let unknown = Error::unimplemented("there is no such method").with_reason("method_not_found");
            return fail(writer, &unknown, &Metadata::default()).await;
        };
        let cx = Context::new();
        let deadline = cx.now() + head.time.min(MAX_TIME);
        let mut cx = cx.with_deadline(Some(deadline));
        cx.set_method(service.method);
        cx.set_inbound(head.metadata);
        if let Some(id) = head.request_id {
            cx.set_request_id(id);
        }
        let result = timeout_at(deadline, service.endpoint.call(&mut cx, messages)).await;
        let mut bytes = Vec::new();
        head::write_metadata(&mut bytes, cx.take_outbound().as_ref());
        let Ok(result) = result else {
            // It did not come to its own end.
            drop(cx);
            return fail(writer, &Code::DeadlineExceeded.into(), &Metadata::default()).await;
        };
        cx.finish();
        frame::write(writer, Kind::Head, &bytes).await?;
        match result {
            Err(error) => fail(writer, &error, &Metadata::default()).await,
            Ok(Answer::One(message)) => {
                frame::write(writer, Kind::Message, &message).await?;
                end(writer, &Metadata::default()).await
            }
            Ok(Answer::Many(mut messages, stream)) => {
                while let Some(message) = messages.next().await {
                    match message {
                        Ok(message) => frame::write(writer, Kind::Message, &message).await?,
                        Err(error) => return fail(writer, &error, &stream.take_trailers()).await,
                    }
                }
                end(writer, &stream.take_trailers()).await
            }
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.services.keys()).finish()
    }
}

/// What a method is called on the wire.
pub(crate) fn name(method: &Method) -> String {
    format!("{}/{}", method.service(), method.name())
}

/// Reads the messages of a call as they are asked for, and ends when its caller has left.
async fn caller(reader: &mut OwnedReadHalf, limit: usize, send: mpsc::Sender<Result<Bytes, Error>>) {
    loop {
        let next = match frame::read(reader, limit).await {
            Ok(Some(Frame::Whole(Kind::Message, bytes))) => Ok(bytes),
            Ok(Some(Frame::Whole(Kind::End, _))) => break,
            Ok(Some(Frame::TooLarge)) => Err(too_large("the message is too large")),
            Ok(Some(Frame::Whole(..))) => Err(Error::invalid_argument("this frame has no place here")),
            Ok(None) | Err(_) => return,
        };
        let failed = next.is_err();
        if send.send(next).await.is_err() || failed {
            break;
        }
    }
    drop(send);
    // Nothing more is due but the end of the connection.
    let _ = tokio::io::copy(reader, &mut tokio::io::sink()).await;
}

pub(crate) fn too_large(line: &'static str) -> Error {
    Error::resource_exhausted(line).with_reason("message_too_large").with_retry(Retry::Never)
}

async fn end(writer: &mut OwnedWriteHalf, trailers: &Metadata) -> io::Result<()> {
    let mut bytes = Vec::new();
    head::write_metadata(&mut bytes, Some(trailers));
    frame::write(writer, Kind::End, &bytes).await?;
    writer.shutdown().await
}

async fn fail(writer: &mut OwnedWriteHalf, error: &Error, trailers: &Metadata) -> io::Result<()> {
    frame::write(writer, Kind::Error, &head::write_error(error, trailers)).await?;
    writer.shutdown().await
}
