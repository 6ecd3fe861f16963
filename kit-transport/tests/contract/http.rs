use http::header::{CONTENT_TYPE, HeaderValue};
use kit_core::task::Owned;
use kit_core::{Context, Endpoint, Error, Method, Streaming, endpoint_with};
use kit_transport::codec::{Codec as _, Decode, Encode, Json, Messages};
use kit_transport::http::client::{Client, Config, Raw, Target};
use kit_transport::http::ndjson::NdJson;
use kit_transport::http::server::extract::DecodeRequest;
use kit_transport::http::server::reply::EncodeResponse;
use kit_transport::http::server::{self, Binding, Router, RouterService, Server};
use kit_transport::http::{Body, Request, Response, problem};
use kit_transport::testing::Message;
use kit_transport::testing::transport::{self, Bidi, Carried, ClientStream, ServerStream, TransportRig, Unary};

use crate::{ENDS, REQUESTS, STREAMS};

/// What both sides take, in bytes.
pub(crate) const LIMIT: usize = 64 * 1024;

/// A server for each service, and one client.
pub(crate) struct Servers {
    pub(crate) client: Client,
    serving: Vec<Owned<()>>,
}

impl Servers {
    pub(crate) fn new(http2_only: bool) -> Self {
        let config = Config { http2_only, max_response_bytes: LIMIT, ..Config::default() };
        Self { client: Client::new(config).expect("settings in range"), serving: Vec::new() }
    }

    pub(crate) async fn start(&mut self, service: RouterService) -> Target {
        let mut config = server::Config::default();
        config.max_body_bytes = LIMIT;
        let bound = Server::new(config).expect("settings in range").bind("127.0.0.1:0").await.expect("a free port");
        let target = format!("http://{}", bound.local_addr()).parse().expect("an address is a target");
        self.serving.push(Owned::spawn(async {
            bound.serve(service, std::future::pending()).await;
        }));
        target
    }
}

/// Unary calls by a codec.
struct Http<C> {
    servers: Servers,
    codec: C,
}

impl<C> Http<C>
where
    C: Encode<Message> + Decode<Message> + DecodeRequest<Message> + EncodeResponse<Message>,
{
    fn new(codec: C, http2_only: bool) -> Self {
        Self { servers: Servers::new(http2_only), codec }
    }
}

impl<C> TransportRig for Http<C>
where
    C: Encode<Message> + Decode<Message> + DecodeRequest<Message> + EncodeResponse<Message>,
{
    async fn unary(&mut self, method: &'static Method, service: Unary) -> Unary {
        let binding = Binding::new(service, self.codec.clone(), self.codec.clone());
        let target = self.servers.start(Router::new().post(method, binding).build().expect("one route")).await;
        let client = &self.servers.client;
        client.post::<Message, _>(method, &target, self.codec.clone()).binding::<Message>().expect("a path").boxed()
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

/// JSON, and lines of it.
struct Lines(Http<Json>);

/// Lines as long as any item of the rules.
const LINES: NdJson = NdJson::new().max_line(LIMIT);

impl Lines {
    async fn post<D, N, E, Req>(&mut self, method: &'static Method, service: E, reads: D, writes: N) -> Raw
    where
        E: Endpoint<Req> + 'static,
        D: DecodeRequest<Req>,
        N: EncodeResponse<E::Response>,
        Req: Send + 'static,
    {
        let service = Router::new().post(method, Binding::new(service, reads, writes)).build().expect("one route");
        let target = self.0.servers.start(service).await;
        self.0.servers.client.raw(&target)
    }
}

/// A request of lines, and the response of success to it.
async fn sent(
    raw: &Raw,
    method: &'static Method,
    cx: &mut Context,
    messages: Messages<Message>,
) -> Result<Response, Error> {
    let mut request = Request::new(LINES.write(messages));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = method.path_template().expect("a path").parse().expect("without parameters");
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(LINES.content_type()));
    let response = raw.call(cx, request).await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    Err(problem::error(parts.status, &parts.headers, &body.bytes(LIMIT).await?))
}

fn streamed(cx: &mut Context, body: Body) -> Streaming<Message> {
    Streaming::new(cx, LINES.read(body))
}

impl TransportRig for Lines {
    async fn unary(&mut self, method: &'static Method, service: Unary) -> Unary {
        self.0.unary(method, service).await
    }

    async fn server_stream(&mut self, method: &'static Method, service: ServerStream) -> Option<ServerStream> {
        let binding = Binding::new(service, Json, LINES);
        let servers = &mut self.0.servers;
        let target = servers.start(Router::new().post(method, binding).build().expect("one route")).await;
        let client = servers.client.post::<Message, _>(method, &target, Json);
        let client = client.binding_with(|cx, response| Ok(streamed(cx, response.into_body())));
        Some(client.expect("a path").boxed())
    }

    async fn client_stream(&mut self, method: &'static Method, service: ClientStream) -> Option<ClientStream> {
        let raw = self.post(method, service, LINES, Json).await;
        let call = async |state: &(Raw, &'static Method), cx: &mut Context, messages: Messages<Message>| {
            let response = sent(&state.0, state.1, cx, messages).await?;
            Decode::decode(&Json, &response.into_body().bytes(LIMIT).await?)
        };
        Some(endpoint_with((raw, method), call).boxed())
    }

    async fn bidi(&mut self, method: &'static Method, service: Bidi) -> Option<Bidi> {
        let raw = self.post(method, service, LINES, LINES).await;
        let call = async |state: &(Raw, &'static Method), cx: &mut Context, messages: Messages<Message>| {
            let response = sent(&state.0, state.1, cx, messages).await?;
            Ok(streamed(cx, response.into_body()))
        };
        Some(endpoint_with((raw, method), call).boxed())
    }

    fn carries(&self, what: Carried) -> bool {
        // A line that says so would be taken for an item.
        !matches!(what, Carried::Trailers | Carried::StreamErrors)
    }

    fn limit(&self) -> Option<usize> {
        self.0.limit()
    }
}

fn without_streams() -> Vec<&'static str> {
    [&STREAMS[..], &REQUESTS].concat()
}

#[tokio::test]
async fn http_1_1_with_json_and_lines_keeps_the_contract() {
    let report = transport::contract(async || Lines(Http::new(Json, false))).await;
    assert_eq!((report.held.len(), report.not_shown), (26, ENDS.to_vec()));
}

#[tokio::test]
async fn http_2_with_json_and_lines_keeps_the_contract() {
    let report = transport::contract(async || Lines(Http::new(Json, true))).await;
    assert_eq!((report.held.len(), report.not_shown), (26, ENDS.to_vec()));
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn http_with_messagepack_keeps_the_contract() {
    let report = transport::contract(async || Http::new(kit_transport::codec::MsgPack, false)).await;
    assert_eq!((report.held.len(), report.not_shown), (17, without_streams()));
}

#[cfg(feature = "protobuf")]
#[tokio::test]
async fn http_2_with_protocol_buffers_keeps_the_contract() {
    let report = transport::contract(async || Http::new(kit_transport::codec::Protobuf, true)).await;
    assert_eq!((report.held.len(), report.not_shown), (17, without_streams()));
}
