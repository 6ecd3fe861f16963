use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame};
use kit_core::Error;
use serde::Serialize;

/// So much goes out together, in bytes, where so much is ready: enough to make frames cheap, little enough to be held by many calls.
const PIECE: usize = 8 * 1024;

/// Lines, made when the connection takes them.
pub(super) struct Writing<S> {
    items: Pin<Box<S>>,
    end: End,
}

enum End {
    Open,
    /// It comes after what is written already.
    Failed(Error),
    /// And after that has left: a connection whose body fails is closed with what it still holds.
    Flushed(Error),
    Over,
}

impl<S> Writing<S> {
    pub(super) fn new(items: S) -> Self {
        Self { items: Box::pin(items), end: End::Open }
    }
}

impl<T, S> HttpBody for Writing<S>
where
    T: Serialize,
    S: Stream<Item = Result<T, Error>>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let mut piece = Vec::new();
        while piece.len() < PIECE && matches!(this.end, End::Open) {
            match this.items.as_mut().poll_next(task) {
                Poll::Ready(Some(Ok(item))) => {
                    let written = piece.len();
                    match serde_json::to_writer(&mut piece, &item) {
                        Ok(()) => piece.push(b'\n'),
                        Err(error) => {
                            piece.truncate(written);
                            this.end = End::Failed(Error::bug(error));
                        }
                    }
                }
                Poll::Ready(Some(Err(error))) => this.end = End::Failed(error),
                Poll::Ready(None) => this.end = End::Over,
                Poll::Pending if piece.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if !piece.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        match std::mem::replace(&mut this.end, End::Over) {
            End::Failed(error) => {
                // Whoever has nothing to send sends what it holds.
                this.end = End::Flushed(error);
                task.waker().wake_by_ref();
                Poll::Pending
            }
            End::Flushed(error) => Poll::Ready(Some(Err(error))),
            End::Open | End::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Over)
    }
}
