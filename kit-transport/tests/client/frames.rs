//! A server's end of HTTP/2, frame by frame.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Peer, in_time};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A client's connection, as frames.
pub(crate) struct Frames(TcpStream);

impl Frames {
    pub(crate) async fn accept(peer: &Peer) -> Self {
        let mut frames = Self(peer.accept().await.stream);
        let mut preface = [0; 24];
        in_time(frames.0.read_exact(&mut preface)).await.expect("a preface");
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frames.send(SETTINGS, 0, 0, &[]).await;
        frames.send(SETTINGS, ACK, 0, &[]).await;
        frames
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).await.expect("sent");
    }

    /// The stream of the next whole request.
    pub(crate) async fn request(&mut self) -> u32 {
        loop {
            let mut head = [0; 9];
            in_time(self.0.read_exact(&mut head)).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            in_time(self.0.read_exact(&mut payload)).await.expect("a frame");
            if matches!(head[3], DATA | HEADERS) && head[4] & END_STREAM != 0 {
                return u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            }
        }
    }

    /// The head of an answer, whose body is to come.
    pub(crate) async fn begin(&mut self, stream: u32) {
        // `:status` 200 and the content type, out of HPACK's static table.
        let mut head = vec![0x88, 0x0f, 0x10, 16];
        head.extend_from_slice(b"application/json");
        self.send(HEADERS, END_HEADERS, stream, &head).await;
    }

    pub(crate) async fn answer(&mut self, stream: u32) {
        self.begin(stream).await;
        self.send(DATA, END_STREAM, stream, br#"{"v":5}"#).await;
    }

    /// The last stream that was or will be processed.
    pub(crate) async fn go_away(&mut self, last: u32) {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend_from_slice(&0_u32.to_be_bytes());
        self.send(GOAWAY, 0, 0, &payload).await;
    }

    /// Reads until the client has closed its end.
    pub(crate) async fn closed(mut self) {
        let mut rest = Vec::new();
        match in_time(self.0.read_to_end(&mut rest)).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}
