use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Body as _;
use kit_core::{Code, Error, Outcome, Retry};
use serde::de::DeserializeOwned;

use crate::codec::{Decode as _, Json};
use crate::http::Body;
use crate::http::problem::Rejection;

/// A line was longer than it may be: 413.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    limit: usize,
}

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line of more than {} bytes", self.limit)
    }
}

/// By hand: its source sets the status.
impl std::error::Error for LineTooLong {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        static STATUS: Rejection = Rejection::ContentTooLarge;
        Some(&STATUS)
    }
}

impl LineTooLong {
    /// What was allowed, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

/// The values of a body of lines. It holds a line and a frame at most.
pub(super) struct Reading<T> {
    lines: Lines,
    values: PhantomData<fn() -> T>,
}

impl<T> Reading<T> {
    pub(super) fn new(body: Body, max_line: usize) -> Self {
        let lines = Lines { body, buffer: BytesMut::new(), seen: 0, number: 0, max: max_line, ended: false };
        Self { lines, values: PhantomData }
    }
}

impl<T: DeserializeOwned> Stream for Reading<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let line = ready!(self.lines.poll(task));
        let number = self.lines.number;
        Poll::Ready(line.map(|line| Json.decode(&line?).map_err(|error| in_line(number, &error))))
    }
}

fn in_line(number: u64, error: &Error) -> Error {
    error.clone().with_message(format!("line {number}: {}", error.message())).with_field("line", number)
}

struct Lines {
    body: Body,
    buffer: BytesMut,
    /// So much of the buffer has no end of a line.
    seen: usize,
    /// Of the line that was last answered.
    number: u64,
    max: usize,
    ended: bool,
}

impl Lines {
    /// The next line that is not blank, without its end.
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            while let Some(line) = self.next() {
                if line.len() > self.max {
                    return Poll::Ready(Some(Err(self.too_long())));
                }
                if !line.trim_ascii().is_empty() {
                    return Poll::Ready(Some(Ok(line)));
                }
            }
            // The end of a line may have come in half.
            let open = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
            if open.len() > self.max {
                self.number += 1;
                return Poll::Ready(Some(Err(self.too_long())));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(task)).transpose() {
                Ok(Some(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
                Ok(None) => self.ended = true,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn next(&mut self) -> Option<Bytes> {
        let line = match memchr::memchr(b'\n', &self.buffer[self.seen..]) {
            Some(end) => {
                let mut line = self.buffer.split_to(self.seen + end + 1);
                let ended = &line[..self.seen + end];
                line.truncate(ended.strip_suffix(b"\r").unwrap_or(ended).len());
                line
            }
            None if self.ended && !self.buffer.is_empty() => self.buffer.split(),
            None => {
                self.seen = self.buffer.len();
                return None;
            }
        };
        self.seen = 0;
        self.number += 1;
        Some(line.freeze())
    }

    fn too_long(&self) -> Error {
        let (limit, number) = (self.max, self.number);
        Error::boundary(Code::ResourceExhausted, LineTooLong { limit })
            .with_message(format!("line {number} is longer than {limit} bytes"))
            .with_reason("line_too_long")
            .with_outcome(Outcome::BusinessError)
            .with_retry(Retry::Never)
            .with_field("line", number)
    }
}
