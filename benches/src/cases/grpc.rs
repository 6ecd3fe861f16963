//! What a gRPC call costs on one connection: a server and its one client on a thread. The client writes frames that are made once and
//! looks for the end of the answer, so what is allocated is the server's.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Cases;
use super::wire::{Served, kit, serve};
use crate::servers;
use crate::task::grpc::{ANSWER, PATH, REQUEST};

pub(super) fn cases(cases: &mut impl Cases) {
    case(cases, "wire/raw hyper", serve(servers::grpc::raw::serve));
    case(cases, "wire/tonic", serve(servers::grpc::tonic::serve));
    let stack = servers::kit::stack(io::sink()).expect("the defaults are good");
    case(cases, "wire/kit bare", kit(servers::grpc::kit::bare().expect("a good route")));
    case(cases, "wire/kit full", kit(servers::grpc::kit::full(stack).expect("a good route")));
}

fn case(cases: &mut impl Cases, name: &'static str, served: Served) {
    let (runtime, addr) = served.expect("a port is free");
    let mut client = runtime.block_on(Client::connect(addr)).expect("the server listens");
    cases.case(name, || runtime.block_on(client.call()).expect("an answer"));
}

/// The types of frames, and their flags (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The length of a frame's head.
const HEAD: usize = 9;

/// HTTP/2 as far as one call after another needs it.
struct Client {
    socket: TcpStream,
    /// Headers and message of a call, but for the number of its stream.
    call: Vec<u8>,
    /// Where its second frame begins.
    second: usize,
    stream: u32,
    buffer: Vec<u8>,
    have: usize,
}

impl Client {
    async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let mut socket = TcpStream::connect(addr).await?;
        socket.set_nodelay(true)?;
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        frame(&mut hello, SETTINGS, 0, &[]);
        // As many bytes of answers as there can be.
        frame(&mut hello, WINDOW_UPDATE, 0, &(0x7fff_ffff_u32 - 65_535).to_be_bytes());
        frame(&mut hello, SETTINGS, ACK, &[]);
        socket.write_all(&hello).await?;
        let mut call = Vec::new();
        frame(&mut call, HEADERS, END_HEADERS, &headers());
        let second = call.len();
        frame(&mut call, DATA, END_STREAM, REQUEST);
        Ok(Self { socket, call, second, stream: 1, buffer: vec![0; 16 * 1024], have: 0 })
    }

    async fn call(&mut self) -> io::Result<()> {
        for at in [0, self.second] {
            self.call[at + 5..at + HEAD].copy_from_slice(&self.stream.to_be_bytes());
        }
        self.socket.write_all(&self.call).await?;
        let mut answered = false;
        loop {
            let read = self.socket.read(&mut self.buffer[self.have..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.have += read;
            let mut at = 0;
            let mut ended = false;
            while let Some(length) = whole(&self.buffer[at..self.have]) {
                let (head, payload) = self.buffer[at..at + length].split_at(HEAD);
                match head[3] {
                    DATA => answered = payload == ANSWER,
                    // Its pings are answered with what they say.
                    PING if head[4] & ACK == 0 => {
                        let mut pong = Vec::new();
                        frame(&mut pong, PING, ACK, payload);
                        self.socket.write_all(&pong).await?;
                    }
                    _ => {}
                }
                ended |= matches!(head[3], DATA | HEADERS) && head[4] & END_STREAM != 0;
                at += length;
            }
            self.buffer.copy_within(at..self.have, 0);
            self.have -= at;
            if ended {
                self.stream += 2;
                return if answered { Ok(()) } else { Err(io::Error::other("another answer")) };
            }
        }
    }
}

/// The length of the frame at the beginning, if all of it is here.
fn whole(bytes: &[u8]) -> Option<usize> {
    let length = HEAD + u32::from_be_bytes([0, *bytes.first()?, *bytes.get(1)?, *bytes.get(2)?]) as usize;
    (bytes.len() >= length).then_some(length)
}

fn frame(to: &mut Vec<u8>, kind: u8, flags: u8, payload: &[u8]) {
    to.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    to.extend_from_slice(&[kind, flags, 0, 0, 0, 0]);
    to.extend_from_slice(payload);
}

/// The headers of a call: `:method` and `:scheme` by their number in HPACK's table, the others as literals that no table keeps (RFC
/// 7541, 6.2.2).
fn headers() -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (name, value) in [
        (":path", PATH),
        (":authority", "127.0.0.1"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "bench/1"),
    ] {
        block.push(0);
        for text in [name, value] {
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}
