use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderMap;
use http_body::Body as _;
use kit_core::{Code, Error, Outcome, Retry};

use super::{Coding, FrameError, PREFIX, turn};
use crate::codec::{Decode, Messages};
use crate::http::Body;

/// The messages of a body, as bytes. It holds a frame of HTTP and one message at most, and of a message what has come of it: a
/// length that is claimed costs nothing.
pub(crate) struct Frames {
    body: Body,
    /// What is left of the last frame.
    chunk: Bytes,
    /// What a message or its prefix has so far, where it came in pieces.
    pieces: BytesMut,
    /// The prefix of the message that is being read.
    head: Option<Head>,
    coding: Coding,
    limit: u32,
    trailers: Option<HeaderMap>,
    /// Whose mistake it is if what comes is wrong: that of a caller is nobody's failure here.
    from_caller: bool,
    ended: bool,
    /// Whether it ended by a reset that says it is no error.
    cut: bool,
}

#[derive(Clone, Copy)]
struct Head {
    compressed: bool,
    size: usize,
}

impl Frames {
    /// What a caller sends.
    pub(crate) fn of_request(body: Body, coding: Coding, limit: u32) -> Self {
        Self { from_caller: true, ..Self::of_answer(body, coding, limit) }
    }

    /// What comes back.
    pub(crate) fn of_answer(body: Body, coding: Coding, limit: u32) -> Self {
        Self {
            body,
            chunk: Bytes::new(),
            pieces: BytesMut::new(),
            head: None,
            coding,
            limit,
            trailers: None,
            from_caller: false,
            ended: false,
            cut: false,
        }
    }

    /// The next message; `None` at the end of the body. After an error nothing follows.
    pub(crate) fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let message = ready!(self.poll(task));
        if let Some(Err(_)) = &message {
            // What is broken is not read on.
            self.ended = true;
            (self.body, self.chunk, self.pieces, self.head) = (Body::empty(), Bytes::new(), BytesMut::new(), None);
        }
        Poll::Ready(message)
    }

    /// The one message of a body that has exactly one.
    ///
    /// # Errors
    /// [`FrameError`], and what the body breaks off with.
    ///
    /// # Cancel safety
    /// Not cancel safe: what was read is lost.
    pub(crate) async fn only(&mut self) -> Result<Bytes, Error> {
        let Some(message) = poll_fn(|task| self.poll_message(task)).await.transpose()? else {
            return Err(self.blame(FrameError::None.error()));
        };
        // Nearly always the frame with the message is the last one, and says so.
        if self.chunk.is_empty() && self.body.is_end_stream() {
            self.ended = true;
            return Ok(message);
        }
        match poll_fn(|task| self.poll_message(task)).await.transpose()? {
            None => Ok(message),
            Some(_) => Err(self.blame(FrameError::Several.error())),
        }
    }

    /// Whether the stream was reset where its end should have been.
    pub(crate) fn was_cut(&self) -> bool {
        self.cut
    }

    /// What followed the last message, once it was read to its end.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// The message of bytes that are one.
    ///
    /// # Errors
    /// `Internal` for what the codec refuses, with its line and its reason.
    pub(crate) fn decode<T, C: Decode<T>>(&self, codec: &C, message: &[u8]) -> Result<T, Error> {
        codec.decode(message).map_err(|error| {
            let mut wrong = Error::new(Code::Internal, error.message().to_owned());
            if let Some(reason) = error.reason() {
                wrong = wrong.with_reason(reason.to_owned());
            }
            self.blame(wrong.with_cause(error))
        })
    }

    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if self.coding != Coding::Identity {
                // A frame may hold many messages, each of next to nothing and large when it is inflated.
                ready!(turn::poll_next(task));
            }
            if let Some(message) = self.next(task).map_err(|error| self.blame(error.error()))? {
                return Poll::Ready(Some(Ok(message)));
            }
            if self.ended {
                let whole = self.head.is_none() && self.pieces.is_empty() && self.chunk.is_empty();
                return Poll::Ready((!whole).then(|| Err(self.blame(FrameError::Truncated.error()))));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(task)).transpose()? {
                None => {
                    self.ended = true;
                    // hyper takes a reset of NO_ERROR for an end, but the stream was not ended.
                    self.cut = !self.body.is_end_stream();
                }
                Some(frame) => match frame.into_data() {
                    Ok(data) => self.chunk = data,
                    Err(frame) => {
                        self.trailers = frame.into_trailers().ok();
                        // Nothing follows them.
                        self.ended = self.trailers.is_some();
                    }
                },
            }
        }
    }

    /// The message that is here, if one is. Of one that is not, what is here is kept and the chunk is empty.
    fn next(&mut self, task: &mut Task<'_>) -> Result<Option<Bytes>, FrameError> {
        let head = match self.head {
            Some(head) => head,
            None => {
                let Some(prefix) = self.prefix() else { return Ok(None) };
                *self.head.insert(self.parse(prefix)?)
            }
        };
        let Some(message) = self.take(head.size) else { return Ok(None) };
        self.head = None;
        match head.compressed {
            true => {
                let inflated = self.coding.inflate(&message, self.limit)?;
                turn::charge(task, inflated.len());
                Ok(Some(inflated))
            }
            false => Ok(Some(message)),
        }
    }

    fn parse(&self, [flag, size @ ..]: [u8; PREFIX]) -> Result<Head, FrameError> {
        let size = u32::from_be_bytes(size);
        match flag {
            0 => {}
            1 if self.coding == Coding::Identity => return Err(FrameError::NoCoding),
            1 => {}
            other => return Err(FrameError::Flag(other)),
        }
        if size > self.limit {
            return Err(FrameError::TooLarge { limit: self.limit });
        }
        Ok(Head { compressed: flag == 1, size: usize::try_from(size).unwrap_or(usize::MAX) })
    }

    fn prefix(&mut self) -> Option<[u8; PREFIX]> {
        if self.pieces.is_empty()
            && let Some(&prefix) = self.chunk.first_chunk()
        {
            self.chunk.advance(PREFIX);
            return Some(prefix);
        }
        self.take(PREFIX)?.first_chunk().copied()
    }

    /// So many bytes: a part of the chunk, which copies nothing, or the pieces once there are enough.
    fn take(&mut self, size: usize) -> Option<Bytes> {
        if self.pieces.is_empty() && self.chunk.len() >= size {
            return Some(self.chunk.split_to(size));
        }
        let missing = size - self.pieces.len();
        let here = missing.min(self.chunk.len());
        self.pieces.extend_from_slice(&self.chunk[..here]);
        self.chunk.advance(here);
        (self.pieces.len() == size).then(|| std::mem::take(&mut self.pieces).freeze())
    }

    fn blame(&self, error: Error) -> Error {
        match self.from_caller {
            true => error.with_outcome(Outcome::BusinessError).with_retry(Retry::Never),
            false => error,
        }
    }
}

/// The messages of a body, as values.
pub(crate) struct Reading<T, C> {
    pub(crate) frames: Frames,
    codec: C,
    values: PhantomData<fn() -> T>,
}

/// The messages of a body.
pub(crate) fn read<T: 'static, C: Decode<T>>(codec: C, frames: Frames) -> Messages<T> {
    Messages::new(Reading::new(codec, frames))
}

impl<T, C: Decode<T>> Reading<T, C> {
    pub(crate) fn new(codec: C, frames: Frames) -> Self {
        Self { frames, codec, values: PhantomData }
    }
}

/// Nothing in it is pinned.
impl<T, C> Unpin for Reading<T, C> {}

impl<T, C: Decode<T>> Stream for Reading<T, C> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let message = ready!(this.frames.poll_message(task));
        Poll::Ready(message.map(|message| this.frames.decode(&this.codec, &message?)))
    }
}
