use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use http::uri::Authority;
use kit_core::{Context, Error, StreamEnd, Streaming};
use tokio::time::Instant;

use super::error;
use super::upload::Hold;
use crate::codec::Decode;
use crate::grpc::frame::{FrameError, Frames};
use crate::grpc::status;

/// The messages of an answer as they come, and how it ended.
pub(super) struct Answer {
    frames: Frames,
    /// The request, where that is still being written.
    hold: Option<Hold>,
    /// What followed the messages.
    trailers: HeaderMap,
    deadline: Instant,
    target: Authority,
    /// Whether its head said that it ended well, before there was a message.
    well: bool,
    /// How much came, in bytes, in messages.
    received: usize,
    ended: bool,
}

impl Answer {
    pub(super) fn new(frames: Frames, hold: Option<Hold>, well: bool, deadline: Instant, target: &Authority) -> Self {
        let (trailers, target) = (HeaderMap::new(), target.clone());
        Self { frames, hold, trailers, deadline, target, well, received: 0, ended: false }
    }

    /// The one message of an answer that has one; what followed it is the context's inbound metadata too.
    pub(super) async fn only<T, C: Decode<T>>(mut self, cx: &mut Context, codec: &C) -> Result<T, Error> {
        let read = self.one().await;
        // Nearly always it is the status alone.
        if self.trailers.len() > 1 {
            let mut inbound = cx.take_inbound();
            append(inbound.headers_mut(), std::mem::take(&mut self.trailers));
            cx.set_inbound(inbound);
        }
        cx.sizes_mut().add_received(self.received);
        self.frames.decode(codec, &read?).map_err(|error| self.at(error))
    }

    async fn one(&mut self) -> Result<Bytes, Error> {
        let wrong = |count: FrameError, answer: &Self| Err(answer.at(count.error()));
        let Some(message) = poll_fn(|task| self.poll_message(task)).await.transpose()? else {
            return wrong(FrameError::None, self);
        };
        match poll_fn(|task| self.poll_message(task)).await.transpose()? {
            None => Ok(message),
            Some(_) => wrong(FrameError::Several, self),
        }
    }

    /// All messages, read after the call has returned; what follows them is the stream's trailers.
    pub(super) fn stream<T, C>(self, cx: &mut Context, codec: C) -> Streaming<T>
    where
        T: 'static,
        C: Decode<T> + Unpin,
    {
        let end = Arc::new(OnceLock::new());
        let messages = Messages { answer: Some(self), codec, end: Arc::clone(&end), message: PhantomData };
        let streaming = Streaming::new(cx, messages);
        // Before anybody can poll it.
        let _ = end.set(streaming.end().clone());
        streaming
    }

    fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(hold) = &mut self.hold
            && let Poll::Ready(error) = hold.poll_failed(task)
        {
            return Poll::Ready(Some(Err(self.fail(error))));
        }
        let end = match ready!(self.frames.poll_message(task)) {
            Some(Ok(message)) => {
                self.received += message.len();
                self.well = false;
                return Poll::Ready(Some(Ok(message)));
            }
            None => self.end(None),
            // Who ends the call may do so in the middle of a message, and say why.
            Some(Err(error)) if error.cause() == Some(&FrameError::Truncated) => self.end(Some(error)),
            Some(Err(error)) if error.cause::<FrameError>().is_some() => Err(self.at(error)),
            Some(Err(error)) => Err(self.broken(error, task)),
        };
        Poll::Ready(match end {
            Ok(()) => None,
            Err(error) => Some(Err(self.fail(error))),
        })
    }

    /// The body has ended, within a message if there is an error.
    fn end(&mut self, torn: Option<Error>) -> Result<(), Error> {
        match self.frames.take_trailers() {
            Some(trailers) => {
                let said = status::error_of(&trailers);
                self.trailers = trailers;
                self.finish();
                said.map_err(|error| error::of_status(error, self.deadline, &self.target))?;
            }
            None if self.frames.was_cut() => return Err(error::cut_off(&self.target)),
            None if self.well && torn.is_none() => self.finish(),
            None if torn.is_none() => status::error_of(&HeaderMap::new()).map_err(|error| self.at(error))?,
            None => {}
        }
        torn.map_or(Ok(()), |error| Err(self.at(error)))
    }

    /// The connection or the stream has ended, perhaps because the request was broken off on this side.
    fn broken(&mut self, error: Error, task: &mut Task<'_>) -> Error {
        match self.hold.as_mut().map(|hold| hold.poll_failed(task)) {
            Some(Poll::Ready(error)) => error,
            _ => error::broken(error, self.deadline, &self.target),
        }
    }

    /// What of the request is not written is not wanted.
    fn finish(&mut self) {
        self.ended = true;
        self.hold.take().into_iter().for_each(Hold::finish);
    }

    fn fail(&mut self, error: Error) -> Error {
        self.ended = true;
        self.hold = None;
        error
    }

    fn at(&self, error: Error) -> Error {
        error.with_field("target", self.target.as_str())
    }
}

/// Adds headers to others, also to those of the same name.
fn append(headers: &mut HeaderMap, more: HeaderMap) {
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        if let Some(name) = &name {
            headers.append(name, value);
        }
    }
}

/// The messages as values.
struct Messages<T, C> {
    /// Dropped at the end: its stream is reset with it.
    answer: Option<Answer>,
    codec: C,
    /// The caller's end of it, for the trailers.
    end: Arc<OnceLock<StreamEnd>>,
    message: PhantomData<fn() -> T>,
}

impl<T, C> Messages<T, C> {
    fn close(&mut self) {
        if let (Some(answer), Some(end)) = (self.answer.take(), self.end.get()) {
            end.with_trailers(|own| *own.headers_mut() = answer.trailers);
        }
    }
}

impl<T, C: Decode<T> + Unpin> Stream for Messages<T, C> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(answer) = &mut this.answer else { return Poll::Ready(None) };
        let message = ready!(answer.poll_message(task))
            .map(|message| answer.frames.decode(&this.codec, &message?).map_err(|error| answer.at(error)));
        if !matches!(message, Some(Ok(_))) {
            this.close();
        }
        Poll::Ready(message)
    }
}
