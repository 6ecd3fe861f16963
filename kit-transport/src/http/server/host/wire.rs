use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::{Cut, Limits, Place, Scanner};
use super::link::Link;

/// What a connection runs over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Its end will be a reset, not a close.
    fn reset(&mut self) {}
}

impl Transport for TcpStream {
    fn reset(&mut self) {
        // A socket that is gone refuses the option, and needs it no more.
        let _ = self.set_zero_linger();
    }
}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}

/// A connection's transport as hyper sees it: heads are [scanned](Scanner) on their way in.
pub(super) struct Wire<T: Transport> {
    io: T,
    link: Arc<Link>,
    start: Start,
    /// `None` before the version is known, and over HTTP/2.
    scanner: Option<Scanner>,
    /// What ends a refused head and did not fit.
    ending: &'static [u8],
    /// What comes after breaks the body.
    broken: bool,
    told: bool,
    linger: Linger,
}

/// Which protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// The first bytes, which tell the version and are then read again.
struct Start {
    bytes: [u8; PREFACE.len()],
    filled: usize,
    read: usize,
}

enum Linger {
    Not,
    Until(Pin<Box<Sleep>>, Box<[u8]>, usize),
    Done,
}

/// What an HTTP/2 connection begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// The most input that is thrown away for the sake of an answer.
const LINGER_BYTES: usize = 1024 * 1024;

impl<T: Transport> Wire<T> {
    pub(super) fn new(io: T, link: Arc<Link>) -> Self {
        let start = Start { bytes: [0; PREFACE.len()], filled: 0, read: 0 };
        Self { io, link, start, scanner: None, ending: b"", broken: false, told: false, linger: Linger::Not }
    }

    /// Reads until it is clear which protocol this is. `None` if the peer goes before that.
    pub(super) fn poll_version(&mut self, task: &mut Task<'_>) -> Poll<io::Result<Option<Version>>> {
        let start = &mut self.start;
        if self.link.is_expired() {
            return Poll::Ready(Ok(None));
        }
        loop {
            let mut buf = ReadBuf::new(&mut start.bytes[start.filled..]);
            ready!(Pin::new(&mut self.io).poll_read(task, &mut buf))?;
            let read = buf.filled().len();
            start.filled += read;
            let version = match &start.bytes[..start.filled] {
                [] => return Poll::Ready(Ok(None)),
                bytes if *bytes != PREFACE[..bytes.len()] || read == 0 => Version::Http1,
                bytes if bytes.len() == PREFACE.len() => Version::Http2,
                _ => {
                    self.link.set_place(Place::Head);
                    continue;
                }
            };
            let config = &self.link.host.config;
            match version {
                Version::Http1 if config.http2_only => return Poll::Ready(Ok(None)),
                Version::Http1 => {
                    self.scanner = Some(Scanner::new(Limits {
                        head: config.max_header_bytes,
                        headers: config.max_headers,
                        uri: config.max_uri_bytes,
                    }));
                }
                Version::Http2 => {
                    self.link.speaks_http2();
                    self.link.set_place(Place::Between);
                }
            }
            return Poll::Ready(Ok(Some(version)));
        }
    }

    /// Tells a client whose head took too long, if nothing else is on its way out: hyper has no answer for it.
    fn tell_timeout(&mut self, task: &mut Task<'_>) {
        if !std::mem::replace(&mut self.told, true) && self.link.place() == Place::Head && self.link.blocked().is_none()
        {
            // A socket that takes not even this has nobody at its other end.
            let _ = Pin::new(&mut self.io).poll_write(task, TIMEOUT);
        }
    }

    /// Whether unread input may be on its way, on which a close would become a reset.
    fn expects_input(&self) -> bool {
        match &self.scanner {
            Some(scanner) => scanner.place() != Place::Between,
            None => self.link.is_http2(),
        }
    }

    fn poll_linger(&mut self, task: &mut Task<'_>) -> Poll<()> {
        loop {
            match &mut self.linger {
                Linger::Not => {
                    let time = self.link.host.config.linger;
                    self.linger = match self.expects_input() && !time.is_zero() {
                        false => Linger::Done,
                        true => {
                            let end = Box::pin(sleep_until(Instant::now() + time));
                            Linger::Until(end, vec![0; 8192].into_boxed_slice(), 0)
                        }
                    };
                }
                Linger::Until(end, room, thrown) => {
                    let mut buf = ReadBuf::new(room);
                    if let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(task, &mut buf) {
                        let bytes = buf.filled().len();
                        *thrown += bytes;
                        if read.is_ok() && bytes > 0 && *thrown < LINGER_BYTES {
                            continue;
                        }
                    } else if end.as_mut().poll(task).is_pending() {
                        return Poll::Pending;
                    }
                    self.linger = Linger::Done;
                }
                Linger::Done => return Poll::Ready(()),
            }
        }
    }

    fn scan(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> Poll<io::Result<()>> {
        let Some(scanner) = &mut self.scanner else { return Poll::Ready(Ok(())) };
        let cut = scanner.feed(&buf.filled()[before..]);
        self.link.set_place(scanner.place());
        match cut {
            None => Poll::Ready(Ok(())),
            Some(Cut::Head { keep, ending, refused }) => {
                self.link.refuse(scanner.heads(), refused);
                self.link.host.stats.counts().refuse(refused);
                buf.set_filled(before + keep);
                self.ending = ending;
                self.end_head(buf, before)
            }
            Some(Cut::Body { keep }) => {
                buf.set_filled(before + keep);
                self.broken = true;
                if keep == 0 { Poll::Ready(Err(broken())) } else { Poll::Ready(Ok(())) }
            }
        }
    }

    /// After a refused head there is nothing to read any more: its connection is closed once it is answered.
    fn end_head(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> Poll<io::Result<()>> {
        let fits = self.ending.len().min(buf.remaining());
        buf.put_slice(&self.ending[..fits]);
        self.ending = &self.ending[fits..];
        if buf.filled().len() > before { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the chunks of the body are malformed")
}

impl<T: Transport> AsyncRead for Wire<T> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        if this.link.is_expired() {
            this.tell_timeout(task);
            return Poll::Ready(Ok(()));
        }
        if this.broken {
            return Poll::Ready(Err(broken()));
        }
        if this.scanner.as_ref().is_some_and(|scanner| scanner.place() == Place::Over) {
            return this.end_head(buf, before);
        }
        let start = &mut this.start;
        if start.read < start.filled {
            let left = &start.bytes[start.read..start.filled];
            let fits = left.len().min(buf.remaining());
            buf.put_slice(&left[..fits]);
            start.read += fits;
            if buf.remaining() > 0
                && let Poll::Ready(Err(error)) = Pin::new(&mut this.io).poll_read(task, buf)
            {
                return Poll::Ready(Err(error));
            }
        } else {
            ready!(Pin::new(&mut this.io).poll_read(task, buf))?;
        }
        this.scan(buf, before)
    }
}

impl<T: Transport> Wire<T> {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.link.wrote(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.link.block(),
        }
        written
    }
}

impl<T: Transport> AsyncWrite for Wire<T> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(task, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(task, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(task)
    }

    /// Closes our side, then takes in for a while what the client was still sending.
    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        if matches!(self.linger, Linger::Not) {
            ready!(Pin::new(&mut self.io).poll_shutdown(task))?;
        }
        self.poll_linger(task).map(Ok)
    }
}

impl<T: Transport> Drop for Wire<T> {
    fn drop(&mut self) {
        if self.link.is_reset() {
            self.io.reset();
        }
    }
}
