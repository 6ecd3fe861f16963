//! Both keep the contracts of kit.

use kit::task::Owned;
use kit::testing::Message;
use kit::testing::codec::{self, CodecRig};
use kit::testing::transport::{self, Bidi, ClientStream, ServerStream, TransportRig, Unary};
use kit::{Endpoint as _, Method};
use tokio::net::TcpListener;

use crate::{Client, Netstring, Server, Text};

impl Text for Message {
    fn text(&self) -> &str {
        &self.text
    }

    fn from_text(text: String) -> Self {
        Message::new(text)
    }
}

impl CodecRig for Netstring {
    type Codec = Self;
    type Value = Message;

    fn codec(&self) -> Self {
        *self
    }

    fn values(&self) -> Vec<Message> {
        ["", "hello", "5:hello,", "ß\0𝄞,"].map(Message::new).to_vec()
    }

    fn large(&self, bytes: usize) -> Message {
        Message::new("x".repeat(bytes))
    }

    fn claims(&self) -> Vec<Vec<u8>> {
        ["9999999999:a,", "18446744073709551616:,", "-1:,", "00:,"].map(|claim| claim.as_bytes().to_vec()).to_vec()
    }
}

#[test]
fn netstrings_keep_the_contract_of_codecs() {
    let report = codec::contract(&Netstring);
    assert_eq!((report.held.len(), report.not_shown), (8, vec!["refuses what nests too deeply"]));
}

const LIMIT: usize = 64 * 1024;

/// A server for each service.
#[derive(Default)]
struct Rig(Vec<Owned<std::io::Result<()>>>);

impl Rig {
    async fn start(&mut self, server: Server) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        self.0.push(Owned::spawn(server.max_message(LIMIT).serve(listener)));
        Client::new(address).max_message(LIMIT)
    }
}

impl TransportRig for Rig {
    async fn unary(&mut self, method: &'static Method, service: Unary) -> Unary {
        let client = self.start(Server::new().unary(method, Netstring, service)).await;
        client.unary::<_, Message, Message>(method, Netstring).boxed()
    }

    async fn server_stream(&mut self, method: &'static Method, service: ServerStream) -> Option<ServerStream> {
        let client = self.start(Server::new().server_stream(method, Netstring, service)).await;
        Some(client.server_stream::<_, Message, Message>(method, Netstring).boxed())
    }

    async fn client_stream(&mut self, method: &'static Method, service: ClientStream) -> Option<ClientStream> {
        let client = self.start(Server::new().client_stream(method, Netstring, service)).await;
        Some(client.client_stream::<_, Message, Message>(method, Netstring).boxed())
    }

    async fn bidi(&mut self, method: &'static Method, service: Bidi) -> Option<Bidi> {
        let client = self.start(Server::new().bidi(method, Netstring, service)).await;
        Some(client.bidi::<_, Message, Message>(method, Netstring).boxed())
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

#[tokio::test]
async fn frames_keep_the_contract_of_transports() {
    let report = transport::contract(async || Rig::default()).await;
    assert_eq!((report.held.len(), report.not_shown), (28, vec![]));
}
