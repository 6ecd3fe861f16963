use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::{Buf as _, Bytes};
use flate2::write::{GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use kit_core::Error;

use super::error::{malformed, too_compressed};
use crate::http::Body;
use crate::http::body::too_large;
use crate::http::server::compression::coding::Coding;

/// How much is made before it is handed on.
const PIECE: usize = 16 * 1024;
/// What may be of any ratio: ten zeros compress well too.
const FREE: u64 = 64 * 1024;

/// A body without its coding.
pub(super) struct Inflating {
    body: Body,
    decoder: Decoder,
    input: Bytes,
    /// Compressed bytes that were used, and bytes that came of them.
    used: u64,
    made: u64,
    limit: usize,
    max_ratio: u32,
    trailers: Option<HeaderMap>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Reading,
    /// All is made; what is left are the trailers.
    Ended,
    Over,
}

enum Decoder {
    Gzip(Box<GzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl Decoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Decoder::Gzip(decoder) => decoder.write(bytes),
            Decoder::Deflate(decoder) => decoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Decoder::Gzip(decoder) => decoder.flush(),
            Decoder::Deflate(decoder) => decoder.flush(),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Deflate(decoder) => decoder.try_finish(),
        }
    }

    fn made(&mut self) -> &mut Vec<u8> {
        match self {
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

impl Inflating {
    pub(super) fn new(coding: Coding, body: Body, limit: usize, max_ratio: u32) -> Self {
        let decoder = match coding {
            Coding::Gzip => Decoder::Gzip(Box::new(GzDecoder::new(Vec::new()))),
            Coding::Deflate => Decoder::Deflate(Box::new(ZlibDecoder::new(Vec::new()))),
        };
        let (input, state) = (Bytes::new(), State::Reading);
        Self { body, decoder, input, used: 0, made: 0, limit, max_ratio, trailers: None, state }
    }

    /// Takes in some of the input: what comes of it is a few tens of KiB, whatever it is.
    fn step(&mut self) -> Result<(), Error> {
        let used = self.decoder.write(&self.input).map_err(malformed)?;
        if used == 0 {
            return Err(malformed("there is something behind the end of the compressed body"));
        }
        self.input.advance(used);
        self.used += used as u64;
        self.check()
    }

    fn check(&mut self) -> Result<(), Error> {
        let made = self.made + self.decoder.made().len() as u64;
        if made > self.limit as u64 {
            return Err(too_large(self.limit));
        }
        if made > FREE && made > self.used.saturating_mul(u64::from(self.max_ratio)) {
            return Err(too_compressed(self.max_ratio));
        }
        Ok(())
    }

    /// What is made, if there is as much.
    fn piece(&mut self, least: usize) -> Option<Frame<Bytes>> {
        let made = self.decoder.made();
        if made.len() < least {
            return None;
        }
        let piece = Bytes::from(std::mem::take(made));
        self.made += piece.len() as u64;
        Some(Frame::data(piece))
    }

    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while self.state == State::Reading {
            if let Some(piece) = self.piece(PIECE) {
                return Poll::Ready(Some(Ok(piece)));
            }
            if !self.input.is_empty() {
                self.step()?;
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
                Poll::Pending => {
                    // Somebody may wait for what is here.
                    self.decoder.flush().map_err(malformed)?;
                    self.check()?;
                    return self.piece(1).map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(piece))));
                }
            }
        }
        if let Some(piece) = self.piece(1) {
            return Poll::Ready(Some(Ok(piece)));
        }
        self.state = State::Over;
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.state = State::Ended;
        // No body at all is none, whatever its coding.
        if self.used > 0 {
            self.decoder.finish().map_err(malformed)?;
        }
        self.check()
    }
}

impl HttpBody for Inflating {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.state == State::Over {
            return Poll::Ready(None);
        }
        let frame = self.poll(task);
        if let Poll::Ready(Some(Err(_))) = &frame {
            // What is broken is not read on.
            self.state = State::Over;
            self.body = Body::empty();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
