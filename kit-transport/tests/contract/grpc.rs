use kit_core::{Endpoint as _, Method};
use kit_transport::codec::{Codec, Decode, Encode, Json, Protobuf};
use kit_transport::grpc::{self, Config};
use kit_transport::http::server::Router;
use kit_transport::testing::Message;
use kit_transport::testing::transport::{self, Bidi, ClientStream, ServerStream, TransportRig, Unary};

use crate::http::{LIMIT, Servers};

/// All four kinds of call, with messages by a codec.
struct Rig<C> {
    servers: Servers,
    codec: C,
    config: Config,
}

impl<C> Rig<C> {
    fn new(codec: C, gzip: bool) -> Self {
        let mut config = Config::default();
        (config.max_read_bytes, config.gzip) = (LIMIT as u32, gzip);
        Self { servers: Servers::new(true), codec, config }
    }
}

/// Serves a kind of call, and gives what calls it.
macro_rules! kind {
    ($rig:ident, $method:ident, $service:ident: $kind:ident) => {{
        let binding = grpc::server::$kind($service).codec($rig.codec.clone()).config($rig.config);
        let target = $rig.servers.start(Router::new().grpc($method, binding).build().expect("one route")).await;
        let client = grpc::client::$kind::<Message>($method).codec($rig.codec.clone()).config($rig.config);
        client.at(&$rig.servers.client, &target).expect("a client of HTTP/2").boxed()
    }};
}

impl<C> TransportRig for Rig<C>
where
    C: Codec + Encode<Message> + Decode<Message> + Unpin,
{
    async fn unary(&mut self, method: &'static Method, service: Unary) -> Unary {
        kind!(self, method, service: unary)
    }

    async fn server_stream(&mut self, method: &'static Method, service: ServerStream) -> Option<ServerStream> {
        Some(kind!(self, method, service: server_stream))
    }

    async fn client_stream(&mut self, method: &'static Method, service: ClientStream) -> Option<ClientStream> {
        Some(kind!(self, method, service: client_stream))
    }

    async fn bidi(&mut self, method: &'static Method, service: Bidi) -> Option<Bidi> {
        Some(kind!(self, method, service: bidi_stream))
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

#[tokio::test]
async fn grpc_keeps_the_contract() {
    let report = transport::contract(async || Rig::new(Protobuf, false)).await;
    assert_eq!((report.held.len(), report.not_shown), (28, vec![]));
}

#[tokio::test]
async fn grpc_with_json_and_compression_keeps_the_contract() {
    let report = transport::contract(async || Rig::new(Json, true)).await;
    assert_eq!((report.held.len(), report.not_shown), (28, vec![]));
}
