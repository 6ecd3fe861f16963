use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit_core::request_id::RequestIdLayer;
use kit_core::testing::contract::NotShown;
use kit_core::{BoxEndpoint, Context, Endpoint, Error, Kind, Method, Streaming};

use super::rig::TransportRig;
use super::rule::Rule;
use crate::codec::Messages;
use crate::testing::Message;

// They may run twice, so that whoever repeats what must not be repeated is found.
static UNARY: Method = Method::new("kit.Contract", "Unary").path("/contract/unary").idempotent();
static RELAY: Method = Method::new("kit.Contract", "Relay").path("/contract/relay").idempotent();
static ITEMS: Method =
    Method::new("kit.Contract", "Items").path("/contract/items").kind(Kind::ServerStream).idempotent();
static TAKE: Method = Method::new("kit.Contract", "Take").path("/contract/take").kind(Kind::ClientStream).idempotent();
static TALK: Method = Method::new("kit.Contract", "Talk").path("/contract/talk").kind(Kind::Bidi).idempotent();

/// A service, and what calls it.
pub(super) struct Served<Req, Res> {
    pub(super) endpoint: BoxEndpoint<Req, Res>,
    pub(super) method: &'static Method,
    calls: Arc<AtomicUsize>,
}

impl<Req: Send + 'static, Res: Send> Served<Req, Res> {
    /// The context of one call, as a client's stack makes it.
    pub(super) fn context(&self) -> Context {
        let mut cx = Context::new();
        cx.set_method(self.method);
        cx
    }

    /// One that has so much time.
    pub(super) fn context_with(&self, time: Duration) -> Context {
        let cx = self.context();
        let deadline = cx.now() + time;
        cx.with_deadline(Some(deadline))
    }

    /// One call, whose answer is due.
    pub(super) async fn call(&self, rule: &Rule, cx: &mut Context, request: Req) -> Result<Res, Error> {
        rule.within("an answer", self.endpoint.call(cx, request)).await
    }

    #[track_caller]
    pub(super) fn was_called(&self, rule: &Rule, times: usize) {
        rule.same("the number of calls that reached the endpoint", self.calls.load(Ordering::SeqCst), times);
    }
}

/// Counts what reaches a service.
struct Counted<E> {
    inner: E,
    calls: Arc<AtomicUsize>,
}

impl<E, Req> Endpoint<Req> for Counted<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.inner.call(cx, request)
    }
}

type Counting<Req, Res> = (BoxEndpoint<Req, Res>, Arc<AtomicUsize>);

/// As a server's stack has it: named by its caller, or here.
fn counted<E, Req>(service: E) -> Counting<Req, E::Response>
where
    E: Endpoint<Req> + 'static,
    Req: Send + 'static,
{
    let calls = Arc::<AtomicUsize>::default();
    let counted = Counted { inner: service, calls: Arc::clone(&calls) };
    (counted.layer(RequestIdLayer::default()).boxed(), calls)
}

pub(super) async fn unary<R, E>(rig: &mut R, service: E) -> Served<Message, Message>
where
    R: TransportRig,
    E: Endpoint<Message, Response = Message> + 'static,
{
    let (service, calls) = counted(service);
    Served { endpoint: rig.unary(&UNARY, service).await, method: &UNARY, calls }
}

/// A second service on the same rig.
pub(super) async fn relay<R, E>(rig: &mut R, service: E) -> Served<Message, Message>
where
    R: TransportRig,
    E: Endpoint<Message, Response = Message> + 'static,
{
    let (service, calls) = counted(service);
    Served { endpoint: rig.unary(&RELAY, service).await, method: &RELAY, calls }
}

pub(super) async fn items<R, E>(rig: &mut R, service: E) -> Result<Served<Message, Streaming<Message>>, NotShown>
where
    R: TransportRig,
    E: Endpoint<Message, Response = Streaming<Message>> + 'static,
{
    let (service, calls) = counted(service);
    let endpoint = rig.server_stream(&ITEMS, service).await.ok_or(NotShown)?;
    Ok(Served { endpoint, method: &ITEMS, calls })
}

pub(super) async fn take<R, E>(rig: &mut R, service: E) -> Result<Served<Messages<Message>, Message>, NotShown>
where
    R: TransportRig,
    E: Endpoint<Messages<Message>, Response = Message> + 'static,
{
    let (service, calls) = counted(service);
    let endpoint = rig.client_stream(&TAKE, service).await.ok_or(NotShown)?;
    Ok(Served { endpoint, method: &TAKE, calls })
}

pub(super) async fn talk<R, E>(
    rig: &mut R,
    service: E,
) -> Result<Served<Messages<Message>, Streaming<Message>>, NotShown>
where
    R: TransportRig,
    E: Endpoint<Messages<Message>, Response = Streaming<Message>> + 'static,
{
    let (service, calls) = counted(service);
    let endpoint = rig.bidi(&TALK, service).await.ok_or(NotShown)?;
    Ok(Served { endpoint, method: &TALK, calls })
}
