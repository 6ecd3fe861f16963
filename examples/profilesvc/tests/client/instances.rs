//! Who is called: instances of the service in this process, and peers that always answer the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit::client::Config;
use kit::http::server::{self, Server};
use kit::log::Logger;
use kit::metrics::{Provider, Registry};
use kit::server::Stack;
use kit::{Context, Error, Health};
use profilesvc::client::ProfileClient;
use profilesvc::profile::{Address, Id, Patch, Profile};
use profilesvc::service::ProfileService as _;
use profilesvc::store::Profiles;
use profilesvc::transport;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Somebody who answers; gone when this is dropped, and the connections with it.
pub(crate) struct Peer {
    pub(crate) addr: String,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Peer {
    /// An instance over this store.
    pub(crate) async fn instance(profiles: &Profiles) -> Self {
        let metrics = Registry::new();
        let backend = Provider::open("prometheus", &metrics).expect("a backend");
        let stack = Stack::new(&Logger::discard(), &metrics).expect("a stack");
        let asked = Arc::new(AtomicUsize::new(0));
        let routes = transport::http(profiles.clone(), stack, &backend, &Health::new()).expect("routes");
        let bound =
            Server::new(server::Config::default()).expect("the defaults").bind("127.0.0.1:0").await.expect("a port");
        let addr = bound.local_addr().to_string();
        let serving = tokio::spawn(async move {
            bound.serve(routes, std::future::pending()).await;
        });
        Self { addr, asked, serving }
    }

    /// Answers each request with this, and hangs up.
    pub(crate) async fn answering(status: &'static str, headers: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("bound").to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer =
            format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let serving = tokio::spawn(async move {
            let mut exchanges = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                exchanges.spawn(exchange(stream, answer.clone(), Arc::clone(&count)));
            }
        });
        Self { addr, asked, serving }
    }

    /// How many requests came to who always answers the same.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads one request, all of it, and answers.
async fn exchange(mut stream: TcpStream, answer: String, asked: Arc<AtomicUsize>) -> Option<()> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
            break;
        }
    }
    asked.fetch_add(1, Ordering::Relaxed);
    stream.write_all(answer.as_bytes()).await.ok()
}

/// A client of these, ready to call them. However busy the machine of the tests is, a call is to have its time.
pub(crate) async fn client(peers: &[&Peer]) -> ProfileClient {
    let addresses = peers.iter().map(|peer| &*peer.addr).collect::<Vec<_>>().join(",");
    let mut config = Config::default();
    config.deadline.max = Some(Duration::from_secs(15));
    config.attempt_timeout = Duration::from_secs(5);
    let source = format!("static:{addresses}").parse().expect("a source");
    let client = ProfileClient::start(&source, config, &Logger::discard(), &Registry::new()).expect("a client");
    client.client().ready().await.expect("somebody");
    client
}

pub(crate) fn id(text: &str) -> Id {
    text.parse().expect("an id")
}

pub(crate) fn profile(of: &str, name: &str) -> Profile {
    Profile { id: id(of), name: name.parse().expect("a name"), addresses: Vec::new() }
}

pub(crate) fn address(of: &str, location: &str) -> Address {
    Address { id: id(of), location: location.parse().expect("a location") }
}

pub(crate) fn rename(name: &str) -> Patch {
    Patch { name: Some(name.parse().expect("a name")), ..Patch::default() }
}

pub(crate) const OPERATIONS: [&str; 9] = [
    "post_profile",
    "get_profile",
    "put_profile",
    "patch_profile",
    "delete_profile",
    "get_addresses",
    "get_address",
    "post_address",
    "delete_address",
];

/// An operation by its name, on the profile 7 and its address home.
pub(crate) async fn call(client: &ProfileClient, operation: &str) -> Result<(), Error> {
    let cx = &mut Context::new();
    let (seven, home) = (id("7"), id("home"));
    match operation {
        "post_profile" => client.post_profile(cx, profile("7", "Ann")).await.map(drop),
        "get_profile" => client.get_profile(cx, seven).await.map(drop),
        "put_profile" => client.put_profile(cx, seven, profile("7", "Ann")).await.map(drop),
        "patch_profile" => client.patch_profile(cx, seven, rename("Bea")).await.map(drop),
        "delete_profile" => client.delete_profile(cx, seven).await,
        "get_addresses" => client.get_addresses(cx, seven).await.map(drop),
        "get_address" => client.get_address(cx, seven, home).await.map(drop),
        "post_address" => client.post_address(cx, seven, address("home", "Bonn")).await.map(drop),
        "delete_address" => client.delete_address(cx, seven, home).await,
        other => panic!("no operation is called {other}"),
    }
}
