use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use kit_core::{Error, recover};
use pin_project_lite::pin_project;

use super::coding::deflated;
use super::{Coding, FrameError, PREFIX, turn};
use crate::codec::{Encode, filled};
use crate::http::Body;

/// So much goes out together, in bytes, where so much is ready: enough to make frames cheap, little enough to be held by many calls.
const PIECE: usize = 8 * 1024;

/// A message is deflated from this size on, in bytes: below it gzip's own eighteen are most of what it would save.
const WORTH: usize = 256;

/// How messages are written.
#[derive(Clone, Copy)]
pub(crate) struct Form<C> {
    pub(crate) codec: C,
    pub(crate) coding: Coding,
    /// The largest message, in bytes.
    pub(crate) limit: u32,
}

impl<C> Form<C> {
    /// One message with its prefix, in one allocation.
    ///
    /// # Errors
    /// `ResourceExhausted` for one that is too large; a bug of one that cannot be written.
    pub(crate) fn message<T>(&self, message: &T) -> Result<Bytes, Error>
    where
        C: Encode<T>,
    {
        filled(|buffer| self.append(message, buffer).map(drop))
    }

    /// Writes a message behind what is in `out`, and says how much it deflated, in bytes. What it wrote before an error stays there.
    fn append<T>(&self, message: &T, out: &mut Vec<u8>) -> Result<usize, Error>
    where
        C: Encode<T>,
    {
        let start = out.len();
        let body = start + PREFIX;
        out.extend_from_slice(&[0; PREFIX]);
        self.codec.encode_to(message, out)?;
        let too_large = || FrameError::TooLarge { limit: self.limit }.error();
        let mut size = u32::try_from(out.len() - body).ok().filter(|&size| size <= self.limit).ok_or_else(too_large)?;
        let mut worked = 0;
        if self.coding == Coding::Gzip && out.len() - body >= WORTH {
            worked = out.len() - body;
            if let Some(packed) = deflated(&out[body..]) {
                out.truncate(body);
                out.extend_from_slice(&packed);
                out[start] = 1;
                size = u32::try_from(packed.len()).map_err(|_| too_large())?;
            }
        }
        out[start + 1..body].copy_from_slice(&size.to_be_bytes());
        Ok(worked)
    }
}

/// A body of the messages of a stream; an error breaks it off.
pub(crate) fn write<T, C, S>(form: Form<C>, messages: S) -> Body
where
    T: 'static,
    C: Encode<T>,
    S: Stream<Item = Result<T, Error>> + Send + 'static,
{
    Body::new(Writing::new(form, messages, |ended| ended.map(|()| None)))
}

pin_project! {
    /// Messages, made when the connection takes them.
    ///
    /// At the end of their stream, an error or a panic of it, `last` says what follows them: trailers, nothing, or a body that breaks off.
    /// It is told before the stream is dropped.
    pub(crate) struct Writing<S, C, L> {
        form: Form<C>,
        #[pin]
        messages: Option<S>,
        last: Option<L>,
        end: End,
    }
}

enum End {
    Open,
    /// It comes after what is written already.
    Ended(Result<Option<HeaderMap>, Error>),
    Over,
}

impl<S, C, L> Writing<S, C, L>
where
    L: FnOnce(Result<(), Error>) -> Result<Option<HeaderMap>, Error>,
{
    pub(crate) fn new(form: Form<C>, messages: S, last: L) -> Self {
        Self { form, messages: Some(messages), last: Some(last), end: End::Open }
    }
}

impl<T, S, C, L> HttpBody for Writing<S, C, L>
where
    C: Encode<T>,
    S: Stream<Item = Result<T, Error>>,
    L: FnOnce(Result<(), Error>) -> Result<Option<HeaderMap>, Error>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        let mut piece = Vec::new();
        while piece.len() < PIECE
            && let Some(messages) = this.messages.as_mut().as_pin_mut()
        {
            if turn::is_over() {
                // Its source may always be ready, and what it makes be next to nothing when it is deflated: the window alone would let the
                // connection wait for megabytes of work.
                match piece.is_empty() {
                    true => ready!(turn::poll_next(task)),
                    false => break,
                }
            }
            let whole = piece.len();
            // Its call was answered long ago: nobody outside would catch a panic.
            let next = recover::catch(|| match messages.poll_next(task) {
                Poll::Ready(Some(message)) => {
                    Poll::Ready(Some(message.and_then(|message| this.form.append(&message, &mut piece))))
                }
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            let ended = match next {
                Ok(Poll::Ready(Some(Ok(worked)))) => {
                    turn::charge(task, worked);
                    continue;
                }
                Ok(Poll::Pending) if piece.is_empty() => return Poll::Pending,
                Ok(Poll::Pending) => break,
                Ok(Poll::Ready(None)) => Ok(()),
                Ok(Poll::Ready(Some(Err(error)))) | Err(error) => Err(error),
            };
            piece.truncate(whole);
            let last = this.last.take().map_or(Ok(None), |last| last(ended));
            *this.end = End::Ended(last);
            this.messages.set(None);
        }
        if !piece.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        match std::mem::replace(this.end, End::Over) {
            End::Ended(last) => Poll::Ready(last.map(|trailers| trailers.map(Frame::trailers)).transpose()),
            End::Open | End::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Over | End::Ended(Ok(None)))
    }
}
