use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use kit_core::{BoxError, Code, Error};

use super::client::Lease;
use super::server::Paced;

/// The body of a request or a response: nothing, some bytes, what comes from the network, or a stream.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    /// A message of gRPC that is all of a request.
    #[cfg(feature = "grpc")]
    Only(Bytes),
    /// A message of gRPC that is all of an answer.
    #[cfg(feature = "grpc")]
    Message(Bytes),
    /// The trailers that follow it: the call went well.
    #[cfg(feature = "grpc")]
    Well,
    Incoming(Incoming),
    /// In a box, so that other bodies have no room for it.
    Leased(Box<(Incoming, Option<Lease>)>),
    Paced(Paced),
    Boxed(Pin<Box<dyn HttpBody<Data = Bytes, Error = Error> + Send>>),
}

/// A body was larger than it may be; the rest of it was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body of more than {limit} bytes")]
pub struct BodyTooLarge {
    limit: usize,
}

impl BodyTooLarge {
    /// What was allowed, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl Body {
    /// A body without bytes.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// A body of these bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Full(bytes.into()))
    }

    /// A message of gRPC that is all of a request.
    #[cfg(feature = "grpc")]
    pub(crate) fn only(message: Bytes) -> Self {
        Self(Kind::Only(message))
    }

    /// A message of gRPC that is all of an answer, and the trailers of a call that went well.
    #[cfg(feature = "grpc")]
    pub(crate) fn message(message: Bytes) -> Self {
        Self(Kind::Message(message))
    }

    /// Any other body. Its errors keep what they are if they are ours, and are `Unavailable` otherwise.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // What needs no box gets none, also where the type is known to the compiler alone.
        let mut body = Some(body);
        let any: &mut dyn Any = &mut body;
        if let Some(ours) = any.downcast_mut::<Option<Body>>() {
            return ours.take().unwrap_or_default();
        }
        if let Some(incoming) = any.downcast_mut::<Option<Incoming>>() {
            return incoming.take().map_or_else(Body::empty, Body::from);
        }
        let Some(body) = body else { return Body::empty() };
        Self(Kind::Boxed(Box::pin(body.map_err(|error| broken(error.into())))))
    }

    /// A body of the chunks of a stream; an error ends it, and its reader sees a broken body, never a short one.
    pub fn stream<S>(chunks: S) -> Self
    where
        S: Stream<Item = Result<Bytes, Error>> + Send + 'static,
    {
        Self(Kind::Boxed(Box::pin(Chunks(Box::pin(chunks)))))
    }

    /// All of it, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// `ResourceExhausted` with the cause [`BodyTooLarge`] as soon as it is known to be larger; the rest is not read.
    /// `Unavailable` if it breaks off.
    ///
    /// # Cancel safety
    /// What was read is lost when this is dropped.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        let mut body = match self.0 {
            Kind::Empty => return Ok(Bytes::new()),
            Kind::Full(bytes) if bytes.len() > limit => return Err(too_large(limit)),
            Kind::Full(bytes) => return Ok(bytes),
            kind => Body(kind),
        };
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large(limit));
        }
        // Nearly every body is one frame, which is handed on as it is.
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if first.len() + rest.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            if first.is_empty() {
                first = data;
            } else {
                rest.extend_from_slice(&data);
            }
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(first.len() + rest.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&rest);
        Ok(whole.freeze())
    }

    /// What comes from the network; its end gives back what was leased for it.
    pub(super) fn leased(body: Incoming, lease: Lease) -> Self {
        Self(Kind::Leased(Box::new((body, Some(lease)))))
    }

    /// Lifts the limits of the server on how slowly a request's body may come
    /// ([`min_body_rate`](super::server::Config::min_body_rate), [`body_timeout`](super::server::Config::body_timeout)): for an
    /// endpoint whose caller speaks only when it has something to say. Other bodies have none.
    pub fn lift_pace(&mut self) {
        if let Kind::Paced(paced) = &mut self.0 {
            paced.lift();
        }
    }

    /// The same once more, of a body whose bytes are here already.
    pub(super) fn copy(&self) -> Option<Self> {
        match &self.0 {
            Kind::Empty => Some(Self(Kind::Empty)),
            Kind::Full(bytes) => Some(Self(Kind::Full(bytes.clone()))),
            #[cfg(feature = "grpc")]
            Kind::Only(bytes) => Some(Self(Kind::Only(bytes.clone()))),
            #[cfg(feature = "grpc")]
            Kind::Message(_) | Kind::Well => None,
            Kind::Incoming(_) | Kind::Leased(_) | Kind::Paced(_) | Kind::Boxed(_) => None,
        }
    }

    /// Whether all its bytes are here already, so that nothing happens between now and its end.
    pub fn is_ready(&self) -> bool {
        match self.0 {
            Kind::Empty | Kind::Full(_) => true,
            #[cfg(feature = "grpc")]
            Kind::Only(_) | Kind::Message(_) | Kind::Well => true,
            Kind::Incoming(_) | Kind::Leased(_) | Kind::Paced(_) | Kind::Boxed(_) => false,
        }
    }
}

pub(super) fn too_large(limit: usize) -> Error {
    Error::boundary(Code::ResourceExhausted, BodyTooLarge { limit })
        .with_message(format!("the body is larger than {limit} bytes"))
        .with_reason("body_too_large")
        .with_outcome(kit_core::Outcome::BusinessError)
        .with_retry(kit_core::Retry::Never)
}

fn broken(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => *ours,
        Err(error) => {
            Error::boundary(Code::Unavailable, error).with_message("the body broke off").with_reason("body_broken")
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            #[cfg(feature = "grpc")]
            Kind::Only(message) => {
                let message = std::mem::take(message);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(message))))
            }
            #[cfg(feature = "grpc")]
            Kind::Message(message) => {
                let message = std::mem::take(message);
                self.0 = Kind::Well;
                Poll::Ready(Some(Ok(Frame::data(message))))
            }
            #[cfg(feature = "grpc")]
            Kind::Well => {
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::trailers(crate::grpc::status::well()))))
            }
            Kind::Incoming(body) => Pin::new(body).poll_frame(task).map_err(|error| broken(error.into())),
            Kind::Leased(leased) => {
                let (body, lease) = &mut **leased;
                let polled = Pin::new(&mut *body).poll_frame(task).map_err(|error| broken(error.into()));
                if body.is_end_stream() || !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
                    *lease = None;
                }
                polled
            }
            Kind::Paced(body) => Pin::new(body).poll_frame(task),
            Kind::Boxed(body) => body.as_mut().poll_frame(task),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(_) => false,
            #[cfg(feature = "grpc")]
            Kind::Only(_) | Kind::Message(_) | Kind::Well => false,
            Kind::Incoming(body) => body.is_end_stream(),
            Kind::Leased(leased) => leased.0.is_end_stream(),
            Kind::Paced(body) => body.is_end_stream(),
            Kind::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // No exact size: it would become a header that no other gRPC sends.
            #[cfg(feature = "grpc")]
            Kind::Only(message) | Kind::Message(message) => {
                let mut hint = SizeHint::default();
                hint.set_lower(message.len() as u64);
                hint
            }
            #[cfg(feature = "grpc")]
            Kind::Well => SizeHint::default(),
            Kind::Incoming(body) => body.size_hint(),
            Kind::Leased(leased) => leased.0.size_hint(),
            Kind::Paced(body) => body.size_hint(),
            Kind::Boxed(body) => body.size_hint(),
        }
    }
}

impl From<Incoming> for Body {
    fn from(body: Incoming) -> Self {
        Self(Kind::Incoming(body))
    }
}

impl From<Paced> for Body {
    fn from(body: Paced) -> Self {
        Self(Kind::Paced(body))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::empty() } else { Self::full(bytes) }
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Empty => "Body(empty)",
            Kind::Full(_) => "Body(full)",
            #[cfg(feature = "grpc")]
            Kind::Only(_) | Kind::Message(_) | Kind::Well => "Body(message)",
            Kind::Incoming(_) | Kind::Leased(_) | Kind::Paced(_) => "Body(incoming)",
            Kind::Boxed(_) => "Body(stream)",
        })
    }
}

/// A stream of chunks as a body.
struct Chunks(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>);

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.as_mut().poll_next(task).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunks(sizes: &'static [usize]) -> Body {
        Body::stream(stream::iter(sizes.iter().map(|&size| Ok(Bytes::from(vec![b'x'; size])))))
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_its_limit() {
        assert_eq!(Body::empty().bytes(0).await.unwrap(), "");
        assert_eq!(Body::from("abc").bytes(3).await.unwrap(), "abc");
        assert_eq!(chunks(&[1, 2, 3]).bytes(6).await.unwrap(), "xxxxxx");
        for body in [Body::from("abcdefg"), chunks(&[7]), chunks(&[3, 4]), chunks(&[3, 3, 1])] {
            let error = body.bytes(6).await.unwrap_err();
            assert_eq!(error.code(), Code::ResourceExhausted);
            assert_eq!(error.cause::<BodyTooLarge>().expect("the cause").limit(), 6);
        }
    }

    #[tokio::test]
    async fn past_the_limit_nothing_more_is_read() {
        let endless = Body::stream(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 1024]))));
        assert!(endless.bytes(10 * 1024).await.is_err());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error_and_never_short() {
        let broken = Body::stream(stream::iter([Ok(Bytes::from_static(b"ab")), Err(Error::data_loss("lost"))]));
        assert_eq!(broken.bytes(10).await.unwrap_err().code(), Code::DataLoss);
    }
}
