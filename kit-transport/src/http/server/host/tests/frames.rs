//! HTTP/2 in frames, by hand.

use super::*;

pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const ACK: u8 = 1;

pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const INTERNAL_ERROR: u32 = 2;
pub(super) const FRAME_SIZE_ERROR: u32 = 6;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Header pairs as literals, without an index and without Huffman codes.
pub(super) fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let mut length = text.len();
        let mut out = vec![];
        if length < 127 {
            out.push(u8::try_from(length).unwrap());
        } else {
            out.push(127);
            length -= 127;
            while length >= 128 {
                out.push(u8::try_from(length % 128).unwrap() | 128);
                length /= 128;
            }
            out.push(u8::try_from(length).unwrap());
        }
        out.extend_from_slice(text.as_bytes());
        out
    };
    pairs.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

pub(super) fn get<'a>(path: &'a str, more: &[(&'a str, &'a str)]) -> Vec<u8> {
    pairs(&[&[(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "a")], more].concat())
}

impl Peer {
    pub(super) async fn preface(&mut self) {
        self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        self.send(frame(SETTINGS, 0, 0, &[])).await;
    }

    pub(super) async fn request(&mut self, stream: u32, headers: &[u8]) {
        self.send(frame(HEADERS, END_STREAM | END_HEADERS, stream, headers)).await;
    }

    /// The next frame; `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.io.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.io.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of this kind.
    pub(super) async fn frame_of(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.frame().await.expect("a frame of this kind");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// Why the connection was closed.
    pub(super) async fn goaway(&mut self) -> u32 {
        let frame = self.frame_of(GOAWAY).await;
        u32::from_be_bytes(frame.payload[4..8].try_into().unwrap())
    }

    /// The status and the reason of the answer on a stream, in HPACK without Huffman codes or static names where it is ours.
    pub(super) async fn answered(&mut self, stream: u32) -> (u16, String) {
        let head = self.frame_of(HEADERS).await;
        assert_eq!(head.stream, stream);
        let status = status(&head.payload);
        if head.flags & END_STREAM != 0 {
            return (status, String::new());
        }
        let body = self.frame_of(DATA).await;
        let problem: serde_json::Value = serde_json::from_slice(&body.payload).unwrap_or_default();
        (status, problem["reason"].as_str().unwrap_or_default().to_owned())
    }
}

/// The first pair of a head: an index into HPACK's static table, or a literal value of its name.
fn status(block: &[u8]) -> u16 {
    match block[0] {
        0x88 => 200,
        0x89 => 204,
        0x8c => 400,
        0x8d => 404,
        0x8e => 500,
        // A literal for the name 8 (":status"), in Huffman codes: digits of five bits, or six.
        _ => huffman(&block[2..2 + usize::from(block[1] & 0x7f)]),
    }
}

fn huffman(bytes: &[u8]) -> u16 {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let (mut at, mut number) = (0, 0);
    while at + 5 <= bits.len() {
        let take =
            |count: usize| bits[at..(at + count).min(bits.len())].iter().fold(0u16, |n, &bit| n << 1 | u16::from(bit));
        let (digit, length) = match take(5) {
            digit @ 0..=2 => (digit, 5),
            _ => match take(6) {
                code @ 0x19..=0x1f => (code - 0x19 + 3, 6),
                _ => break,
            },
        };
        number = number * 10 + digit;
        at += length;
    }
    number
}
