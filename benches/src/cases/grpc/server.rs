//! The server's side.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, Message, PREFACE, hello, literal};
use crate::cases::Cases;
use crate::cases::wire::{Served, kit, serve};
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

/// The one client: it looks for the end of each answer.
struct Client {
    socket: TcpStream,
    call: Message,
    stream: u32,
    frames: Frames,
}

impl Client {
    async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let mut socket = TcpStream::connect(addr).await?;
        socket.set_nodelay(true)?;
        let mut first = PREFACE.to_vec();
        hello(&mut first);
        socket.write_all(&first).await?;
        let call = Message::default().frame(HEADERS, END_HEADERS, &headers()).frame(DATA, END_STREAM, REQUEST);
        Ok(Self { socket, call, stream: 1, frames: Frames::new() })
    }

    async fn call(&mut self) -> io::Result<()> {
        self.socket.write_all(self.call.on(self.stream)).await?;
        let mut answered = false;
        let mut ended = false;
        while !ended {
            self.frames.read(&mut self.socket).await?;
            while let Some(frame) = self.frames.next(&mut self.socket).await? {
                if frame.kind == DATA {
                    answered = frame.payload == ANSWER;
                }
                ended |= matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0;
            }
        }
        self.stream += 2;
        if answered { Ok(()) } else { Err(io::Error::other("another answer")) }
    }
}

/// The headers of a call: `:method` and `:scheme` by their number in HPACK's table, the others as literals that no table keeps.
fn headers() -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (name, value) in [
        (":path", PATH),
        (":authority", "127.0.0.1"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "bench/1"),
    ] {
        literal(&mut block, 0, name, value);
    }
    block
}
