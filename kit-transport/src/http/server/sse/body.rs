use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body as HttpBody, Frame};
use kit_core::{Error, Streaming};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Event;
use crate::http::problem;

/// So much goes out together, in bytes, where so much is ready.
const PIECE: usize = 8 * 1024;

/// Events, made when the connection takes them.
pub(super) struct Sending<T> {
    items: Streaming<T>,
    event: Arc<dyn Fn(T) -> Result<Event, Error> + Send + Sync>,
    keep_alive: Option<Duration>,
    /// Made when there is first nothing to send.
    alarm: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl<T> Sending<T> {
    pub(super) fn new(
        items: Streaming<T>,
        event: Arc<dyn Fn(T) -> Result<Event, Error> + Send + Sync>,
        keep_alive: Option<Duration>,
    ) -> Self {
        Self { items, event, keep_alive, alarm: None, over: false }
    }

    /// The status has left: what went wrong is the last event.
    fn fail(&mut self, error: Error, piece: &mut String) {
        let told = String::from_utf8_lossy(&problem::written(&error)).into_owned();
        Event::data(told).name("error").write(piece).expect("the name has no line break");
        self.over = true;
        // It ends well as a body, and the call did not.
        self.items.end().complete(error.outcome(), Some(error));
    }

    /// Nothing is here: is it time for a comment?
    fn poll_idle(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(idle) = self.keep_alive else { return Poll::Pending };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + idle)));
        ready!(alarm.as_mut().poll(task));
        Poll::Ready(())
    }
}

impl<T> HttpBody for Sending<T> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let mut piece = String::new();
        while piece.len() < PIECE && !this.over {
            match Pin::new(&mut this.items).poll_next(task) {
                Poll::Ready(Some(item)) => {
                    let written = item.and_then(|item| (this.event)(item)?.write(&mut piece));
                    if let Err(error) = written {
                        this.fail(error, &mut piece);
                    }
                }
                Poll::Ready(None) => this.over = true,
                Poll::Pending if piece.is_empty() => {
                    ready!(this.poll_idle(task));
                    piece.push_str(":\n\n");
                    break;
                }
                Poll::Pending => break,
            }
        }
        if piece.is_empty() {
            return Poll::Ready(None);
        }
        this.alarm = None;
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }
}
