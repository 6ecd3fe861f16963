//! A name server in this process, which speaks the protocol and does on demand what real ones do by accident.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use kit_core::task::Owned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::name;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    /// As its zone says.
    Well,
    /// With this code.
    Code(ResponseCode),
    /// Not at all.
    Silent,
    /// Nothing but other servers to ask.
    Refer,
    /// Bytes that are no message.
    Garbage,
    /// With another's records.
    Astray,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: [Owned<()>; 2],
}

struct Shared {
    mode: Mutex<Mode>,
    zone: Mutex<BTreeMap<Name, Vec<(u32, RData)>>>,
    /// Longest answer over UDP, in bytes.
    datagram: usize,
    asked: Mutex<Vec<&'static str>>,
}

impl Server {
    pub(super) async fn start(mode: Mode) -> Self {
        // The port of the one may be taken for the other.
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, udp);
            }
        };
        let address = tcp.local_addr().unwrap();
        let shared =
            Arc::new(Shared { mode: Mutex::new(mode), zone: Mutex::default(), datagram: 512, asked: Mutex::default() });
        let tasks =
            [Owned::spawn(datagrams(udp, Arc::clone(&shared))), Owned::spawn(streams(tcp, Arc::clone(&shared)))];
        Self { address, shared, _tasks: tasks }
    }

    pub(super) fn mode(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap() = mode;
    }

    pub(super) fn put(&self, owner: &str, ttl: u32, data: impl IntoIterator<Item = RData>) {
        let records = data.into_iter().map(|data| (ttl, data)).collect();
        self.shared.zone.lock().unwrap().insert(name(owner), records);
    }

    /// The questions since the last time: over which transport.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

async fn datagrams(socket: UdpSocket, shared: Arc<Shared>) {
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(answer) = shared.answer(&buffer[..length], "udp") {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn streams(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = Vec::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        open.push(Owned::spawn(stream_of(stream, Arc::clone(&shared))));
    }
}

async fn stream_of(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; length.into()];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        if let Some(answer) = shared.answer(&question, "tcp") {
            let length = u16::try_from(answer.len()).unwrap();
            if stream.write_all(&[&length.to_be_bytes()[..], &answer].concat()).await.is_err() {
                return;
            }
        }
    }
}

impl Shared {
    fn answer(&self, question: &[u8], over: &'static str) -> Option<Vec<u8>> {
        self.asked.lock().unwrap().push(over);
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let mut answer = Message::response(question.id, OpCode::Query);
        answer.add_query(query.clone());
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Silent => return None,
            Mode::Garbage => return Some([&question.id.to_be_bytes()[..], &[0x84, 0, 0, 1, 0xff]].concat()),
            Mode::Code(code) => answer.metadata.response_code = code,
            Mode::Refer => {
                let ns = RData::NS(hickory_resolver::proto::rr::rdata::NS(name("ns.elsewhere.")));
                answer.add_authority(Record::from_rdata(name("test."), 60, ns));
            }
            Mode::Astray => {
                answer.add_answer(Record::from_rdata(name("other.test."), 60, super::ip("10.9.9.9")));
            }
            Mode::Well => self.zone(&mut answer, query.name(), query.query_type()),
        }
        let whole = answer.to_vec().unwrap();
        if over == "udp" && whole.len() > self.datagram {
            return Some(answer.truncate().to_vec().unwrap());
        }
        Some(whole)
    }

    fn zone(&self, answer: &mut Message, owner: &Name, kind: RecordType) {
        let zone = self.zone.lock().unwrap();
        let records = zone.get(owner);
        let here = records
            .into_iter()
            .flatten()
            .filter(|record| record.1.record_type() == kind || record.1.record_type() == RecordType::CNAME);
        answer.add_answers(here.map(|(ttl, data)| Record::from_rdata(owner.clone(), *ttl, data.clone())));
        if answer.answers.is_empty() {
            if records.is_none() {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            let soa = SOA::new(name("ns.test."), name("root.test."), 1, 60, 60, 60, 7);
            answer.add_authority(Record::from_rdata(name("test."), 60, RData::SOA(soa)));
        }
    }
}
