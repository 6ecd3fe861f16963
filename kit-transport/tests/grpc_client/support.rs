//! A server of HTTP/2 that answers as a test says, and a clock that moves only when it is told to.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use kit_core::task::Owned;
use kit_core::{Child, Code, Context, Error, Factory as _, Instance, Kind, Method, Retry, Routed};
use kit_transport::codec::Protobuf;
use kit_transport::grpc::Messages;
use kit_transport::grpc::client::{self, BidiStream, Binding, ClientStream, ServerStream, Unary};
use kit_transport::http::client::{Channel, Channels, Client, Config, Target};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

#[path = "../support/clock.rs"]
mod clock;

pub(crate) use clock::{Clock, in_time, settled};

pub(crate) static LENGTH: Method = Method::new("strings.Strings", "Length").path("/length").idempotent();
pub(crate) static WORDS: Method = Method::new("strings.Strings", "Words").kind(Kind::ServerStream);
pub(crate) static TOTAL: Method = Method::new("strings.Strings", "Total").kind(Kind::ClientStream);
pub(crate) static LENGTHS: Method = Method::new("strings.Strings", "Lengths").kind(Kind::Bidi);

#[derive(Clone, PartialEq, Message, serde::Serialize, serde::Deserialize)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub(crate) s: String,
}

#[derive(Clone, PartialEq, Message, serde::Serialize, serde::Deserialize)]
pub(crate) struct Length {
    #[prost(uint64, tag = "1")]
    pub(crate) v: u64,
}

pub(crate) fn text(s: &str) -> Text {
    Text { s: s.to_owned() }
}

pub(crate) const FIVE: Length = Length { v: 5 };

/// A message behind its prefix.
pub(crate) fn framed(message: &impl Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(bytes.len()).expect("small").to_be_bytes());
    framed.extend_from_slice(&bytes);
    framed
}

pub(crate) fn config() -> Config {
    Config { http2_only: true, ..Config::default() }
}

type At<K> = Child<Binding<K, Length, Protobuf, Arc<Channel>>>;

/// A server whose every stream is played by the test.
pub(crate) struct Peer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _serving: Owned<()>,
}

impl Peer {
    pub(crate) async fn start<F, P>(play: F) -> Self
    where
        F: Fn(Exchange) -> P + Clone + Send + 'static,
        P: Future<Output = ()> + Send + 'static,
    {
        Self::with(h2::server::Builder::new(), play).await
    }

    /// The same with other settings of HTTP/2.
    pub(crate) async fn with<F, P>(settings: h2::server::Builder, play: F) -> Self
    where
        F: Fn(Exchange) -> P + Clone + Send + 'static,
        P: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let serving = Owned::spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (settings, play) = (settings.clone(), play.clone());
                serving.spawn(async move {
                    let mut exchanges = JoinSet::new();
                    let Ok(mut connection) = settings.handshake::<_, Bytes>(stream).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        let (head, body) = request.into_parts();
                        let unread = BytesMut::new();
                        exchanges.spawn(play(Exchange { head, body, unread, respond, answer: None }));
                    }
                });
            }
        });
        Self { address, connections, _serving: serving }
    }

    /// How many connections it has had.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn target(&self) -> Target {
        Target::parse(&format!("http://{}", self.address)).expect("an address is a target")
    }

    pub(crate) async fn channel(&self, config: Config) -> Arc<Channel> {
        let channels = Channels::new(config).expect("settings in range");
        Arc::new(channels.make(&self.instance()).await.expect("an address"))
    }

    pub(crate) fn instance(&self) -> Instance {
        Instance::new(self.address.to_string())
    }

    pub(crate) async fn routed<Req>(&self, config: Config, request: Req) -> Routed<Arc<Channel>, Req> {
        Routed { instance: Arc::new(self.instance()), channel: self.channel(config).await, request }
    }

    pub(crate) fn length(&self) -> At<Unary> {
        self.at(client::unary(&LENGTH))
    }

    pub(crate) fn words(&self) -> At<ServerStream> {
        self.at(client::server_stream(&WORDS))
    }

    pub(crate) fn total(&self) -> At<ClientStream> {
        self.at(client::client_stream(&TOTAL))
    }

    pub(crate) fn lengths(&self) -> At<BidiStream> {
        self.at(client::bidi_stream(&LENGTHS))
    }

    /// With a client of its own.
    pub(crate) fn at<K>(&self, binding: Binding<K, Length>) -> At<K> {
        let client = Client::new(config()).expect("settings in range");
        binding.endpoint(&client, &self.target()).expect("HTTP/2, and a path")
    }
}

/// One stream, from the server's end.
pub(crate) struct Exchange {
    pub(crate) head: Parts,
    pub(crate) body: RecvStream,
    unread: BytesMut,
    respond: SendResponse<Bytes>,
    answer: Option<SendStream<Bytes>>,
}

pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

pub(crate) const GRPC: Pairs<'static> = &[("content-type", "application/grpc")];
pub(crate) const OK: Pairs<'static> = &[("grpc-status", "0")];

fn headers(pairs: Pairs<'_>) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value"))
    };
    pairs.iter().map(pair).collect()
}

impl Exchange {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The head of the answer; with `end`, it is all of it.
    pub(crate) fn head(&mut self, status: u16, pairs: Pairs<'_>, end: bool) {
        let mut response = Response::new(());
        *response.status_mut() = status.try_into().expect("a status");
        *response.headers_mut() = headers(pairs);
        self.answer = Some(self.respond.send_response(response, end).expect("an open stream"));
    }

    pub(crate) fn begin(&mut self) {
        self.head(200, GRPC, false);
    }

    pub(crate) fn data(&mut self, bytes: impl Into<Bytes>, end: bool) {
        self.answer().send_data(bytes.into(), end).expect("an open stream");
    }

    pub(crate) fn message(&mut self, message: &impl Message) {
        self.data(framed(message), false);
    }

    /// Sends as much as the caller's window has room for, and waits for more.
    pub(crate) async fn send_all(&mut self, bytes: &[u8]) {
        let mut rest = Bytes::copy_from_slice(bytes);
        while !rest.is_empty() {
            let answer = self.answer();
            answer.reserve_capacity(rest.len());
            let room =
                in_time(poll_fn(|task| answer.poll_capacity(task))).await.expect("an open stream").expect("room");
            let piece = rest.split_to(room.min(rest.len()));
            answer.send_data(piece, false).expect("an open stream");
        }
    }

    pub(crate) fn trailers(&mut self, pairs: Pairs<'_>) {
        self.answer().send_trailers(headers(pairs)).expect("an open stream");
    }

    /// An answer as it should be.
    pub(crate) fn well(&mut self) {
        self.begin();
        self.message(&FIVE);
        self.trailers(OK);
    }

    pub(crate) fn reset(&mut self, reason: Reason) {
        match &mut self.answer {
            Some(answer) => answer.send_reset(reason),
            None => self.respond.send_reset(reason),
        }
    }

    /// The next message of the request; `None` at its end.
    pub(crate) async fn read<M: Message + Default>(&mut self) -> Option<M> {
        loop {
            if self.unread.len() >= 5 {
                let size = u32::from_be_bytes(self.unread[1..5].try_into().expect("four bytes")) as usize;
                if self.unread.len() >= 5 + size {
                    let framed = self.unread.split_to(5 + size);
                    assert_eq!(framed[0], 0, "it is not compressed");
                    return Some(M::decode(&framed[5..]).expect("a message"));
                }
            }
            match in_time(self.body.data()).await {
                Some(Ok(data)) => {
                    self.body.flow_control().release_capacity(data.len()).expect("what came");
                    self.unread.extend_from_slice(&data);
                }
                Some(Err(_)) => return None,
                None => {
                    assert!(self.unread.is_empty(), "the request ends within a message");
                    return None;
                }
            }
        }
    }

    /// Waits until the caller resets the stream.
    pub(crate) async fn is_reset(&mut self) -> Reason {
        let reset = match &mut self.answer {
            Some(answer) => in_time(poll_fn(|task| answer.poll_reset(task))).await,
            None => in_time(poll_fn(|task| self.respond.poll_reset(task))).await,
        };
        reset.expect("a reset")
    }

    fn answer(&mut self) -> &mut SendStream<Bytes> {
        self.answer.as_mut().expect("its head was sent")
    }
}

/// The messages of a request, and the way to send them.
pub(crate) fn requests() -> (mpsc::Sender<Result<Text, Error>>, Messages<Text>) {
    let (send, mut receive) = mpsc::channel(8);
    (send, Messages::new(futures_util::stream::poll_fn(move |task| receive.poll_recv(task))))
}

/// A channel of what a peer saw, for plays that are made anew for each stream.
pub(crate) fn seen<T: Send + 'static>() -> (impl Fn(T) + Clone + Send + Sync, mpsc::Receiver<T>) {
    let (send, receive) = mpsc::channel(8);
    (move |what| send.try_send(what).expect("the test listens"), receive)
}

/// A context whose deadline is this far away.
pub(crate) fn cx_with(limit: Duration) -> Context {
    let cx = Context::new();
    let deadline = cx.now() + limit;
    cx.with_deadline(Some(deadline))
}

/// Code, reason and whether it may be made again: what a program reads of an error.
#[track_caller]
pub(crate) fn told(error: &Error) -> (Code, Option<&str>, Retry) {
    for secret in ["127.0.0.1", "hyper", "os error", ".rs"] {
        assert!(!error.message().contains(secret), "{}", error.message());
    }
    (error.code(), error.reason(), error.retry())
}
