use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::{Buf as _, Bytes};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use kit_core::Error;

use crate::http::Body;
use crate::http::server::compression::coding::Coding;

/// How much is compressed before the thread is given back.
const PIECE: usize = 16 * 1024;

pub(super) enum Encoder {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Deflate(Box<ZlibEncoder<Vec<u8>>>),
}

impl Encoder {
    pub(super) fn new(coding: Coding, level: u32) -> Self {
        let level = Compression::new(level);
        match coding {
            Coding::Gzip => Encoder::Gzip(Box::new(GzEncoder::new(Vec::new(), level))),
            Coding::Deflate => Encoder::Deflate(Box::new(ZlibEncoder::new(Vec::new(), level))),
        }
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Encoder::Gzip(encoder) => encoder.try_finish(),
            Encoder::Deflate(encoder) => encoder.try_finish(),
        }
    }

    /// What was made.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self {
            Encoder::Gzip(encoder) => std::mem::take(encoder.get_mut()),
            Encoder::Deflate(encoder) => std::mem::take(encoder.get_mut()),
        }
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Deflate(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Deflate(encoder) => encoder.flush(),
        }
    }
}

/// A body in its coding, made as it is sent.
pub(super) struct Deflating {
    body: Body,
    encoder: Encoder,
    input: Bytes,
    /// Whether something went in that may not have come out.
    held: bool,
    trailers: Option<HeaderMap>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Reading,
    /// What is left are the trailers.
    Ended,
    Over,
}

impl Deflating {
    pub(super) fn new(body: Body, encoder: Encoder) -> Self {
        Self { body, encoder, input: Bytes::new(), held: false, trailers: None, state: State::Reading }
    }

    fn piece(&mut self) -> Option<Frame<Bytes>> {
        let made = self.encoder.take();
        (!made.is_empty()).then(|| Frame::data(made.into()))
    }

    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while self.state == State::Reading {
            if !self.input.is_empty() {
                let piece = &self.input[..self.input.len().min(PIECE)];
                let used = piece.len();
                self.encoder.write_all(piece).map_err(Error::bug)?;
                self.input.advance(used);
                self.held = true;
                if let Some(frame) = self.piece() {
                    return Poll::Ready(Some(Ok(frame)));
                }
                continue;
            }
            match Pin::new(&mut self.body).poll_frame(task) {
                Poll::Ready(Some(frame)) => match frame?.into_data() {
                    Ok(data) => self.input = data,
                    Err(frame) => {
                        self.trailers = frame.into_trailers().ok();
                        self.end()?;
                    }
                },
                Poll::Ready(None) => self.end()?,
                Poll::Pending if self.held => {
                    // The caller may wait for what is here.
                    self.held = false;
                    self.encoder.flush().map_err(Error::bug)?;
                    if let Some(frame) = self.piece() {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        if let Some(frame) = self.piece() {
            return Poll::Ready(Some(Ok(frame)));
        }
        self.state = State::Over;
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.state = State::Ended;
        self.encoder.finish().map_err(Error::bug)
    }
}

impl HttpBody for Deflating {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.state == State::Over {
            return Poll::Ready(None);
        }
        let frame = self.poll(task);
        if let Poll::Ready(Some(Err(_))) = &frame {
            self.state = State::Over;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Over
    }
}
