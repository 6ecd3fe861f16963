//! The client's side.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, Message, PREFACE, hello, literal};
use crate::callers::Caller;
use crate::callers::grpc::{Balanced, Kit, Raw, Tonic};
use crate::cases::Cases;
use crate::cases::wire::serve;
use crate::task::grpc::{ANSWER, REQUEST};

pub(super) fn cases(cases: &mut impl Cases) {
    case::<Raw>(cases, "client/raw hyper");
    case::<Tonic>(cases, "client/tonic");
    case::<Kit>(cases, "client/kit");
    case::<Balanced>(cases, "client/kit, balanced");
}

fn case<C: Caller>(cases: &mut impl Cases, name: &'static str) {
    let (runtime, addr) = serve(listen).expect("a port is free");
    let mut caller = runtime.block_on(C::open(&[addr])).expect("the server listens");
    cases.case(name, || runtime.block_on(caller.call()).expect("an answer"));
}

async fn listen(listener: TcpListener) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move { drop(answer(socket).await) });
    }
}

/// The one server: it has the same answer for every call, and leaves one without an answer that asks for something else.
async fn answer(mut socket: TcpStream) -> io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    socket.read_exact(&mut preface).await?;
    let mut first = Vec::new();
    hello(&mut first);
    socket.write_all(&first).await?;
    let (first, mut later) = answers();
    let (mut first, mut frames, mut asked) = (Some(first), Frames::new(), false);
    loop {
        frames.read(&mut socket).await?;
        while let Some(frame) = frames.next(&mut socket).await? {
            // The end may be a frame of its own.
            if frame.kind == DATA && !frame.payload.is_empty() {
                asked = frame.payload == REQUEST;
            }
            let (ended, stream) = (frame.kind == DATA && frame.flags & END_STREAM != 0, frame.stream);
            if ended && asked {
                let mut first = first.take();
                socket.write_all(first.as_mut().unwrap_or(&mut later).on(stream)).await?;
            }
        }
    }
}

/// The first answer of a connection, whose headers are kept in HPACK's table, and all later ones, which name them by their numbers there: as
/// servers do.
fn answers() -> (Message, Message) {
    const OK: u8 = 0x88;
    let (mut head, mut trailers) = (vec![OK], Vec::new());
    literal(&mut head, 0x40 | 31, "", "application/grpc");
    literal(&mut trailers, 0x40, "grpc-status", "0");
    let answer = |head: &[u8], trailers: &[u8]| {
        Message::default().frame(HEADERS, END_HEADERS, head).frame(DATA, 0, ANSWER).frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            trailers,
        )
    };
    (answer(&head, &trailers), answer(&[OK, 0x80 | 63], &[0x80 | 62]))
}
