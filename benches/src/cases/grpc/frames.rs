//! HTTP/2 as far as one call after another needs it, without an allocation a call.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The types of frames, and their flags (RFC 9113, 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
/// The length of a frame's head.
const HEAD: usize = 9;

/// What a client sends first (RFC 9113, 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The frames of a message, but for the number of its stream.
#[derive(Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
    /// Where each begins.
    starts: Vec<usize>,
}

impl Message {
    pub(super) fn frame(mut self, kind: u8, flags: u8, payload: &[u8]) -> Self {
        self.starts.push(self.bytes.len());
        frame(&mut self.bytes, kind, flags, payload);
        self
    }

    pub(super) fn on(&mut self, stream: u32) -> &[u8] {
        for at in &self.starts {
            self.bytes[at + 5..at + HEAD].copy_from_slice(&stream.to_be_bytes());
        }
        &self.bytes
    }
}

/// What each side says first: the other may send as many bytes as there can be, and its settings are taken.
pub(super) fn hello(to: &mut Vec<u8>) {
    frame(to, SETTINGS, 0, &[]);
    frame(to, WINDOW_UPDATE, 0, &(0x7fff_ffff_u32 - 65_535).to_be_bytes());
    frame(to, SETTINGS, ACK, &[]);
}

fn frame(to: &mut Vec<u8>, kind: u8, flags: u8, payload: &[u8]) {
    to.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    to.extend_from_slice(&[kind, flags, 0, 0, 0, 0]);
    to.extend_from_slice(payload);
}

/// Adds a header to a block: the number of its name in HPACK's tables, or the name itself, in the first byte's `bits` (RFC 7541, 6.2).
pub(super) fn literal(block: &mut Vec<u8>, bits: u8, name: &str, value: &str) {
    block.push(bits);
    for text in [name, value].into_iter().filter(|text| !text.is_empty()) {
        block.push(text.len() as u8);
        block.extend_from_slice(text.as_bytes());
    }
}

/// The frames that come over a socket.
pub(super) struct Frames {
    buffer: Vec<u8>,
    at: usize,
    have: usize,
}

/// One of them.
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: &'a [u8],
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; 16 * 1024], at: 0, have: 0 }
    }

    /// Waits for more of them.
    pub(super) async fn read(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        self.buffer.copy_within(self.at..self.have, 0);
        self.have -= self.at;
        self.at = 0;
        match socket.read(&mut self.buffer[self.have..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.have += read;
                Ok(())
            }
        }
    }

    /// The next one, if all of it is here. Pings are answered with what they say, as is proper.
    pub(super) async fn next(&mut self, socket: &mut TcpStream) -> io::Result<Option<Frame<'_>>> {
        let bytes = &self.buffer[self.at..self.have];
        let Some((&[a, b, c, kind, flags, d, e, f, g], rest)) = bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        self.at += HEAD + length;
        if kind == PING && flags & ACK == 0 {
            let mut pong = Vec::new();
            frame(&mut pong, PING, ACK, payload);
            socket.write_all(&pong).await?;
        }
        Ok(Some(Frame { kind, flags, stream: u32::from_be_bytes([d, e, f, g]), payload }))
    }
}
