use std::borrow::Borrow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use kit_core::{Context, Endpoint, Error, Metadata, Method, Outcome, Routed};

use super::call::{Call, within};
use super::exchange::Sent;
use super::path::path_and_query;
use super::{Channel, Picked, headers, stream};
use crate::http::{Request, Response, code_of};

/// HTTP requests and the responses to them, as they are: for proxies, and for what no codec expresses. They go to one target, or,
/// made by [`raw`](super::raw), to the channel that was [picked](Picked) for each.
///
/// The request's path and query stand below the target; scheme and host are the target's. Headers that belong to a connection are
/// passed on in neither direction (RFC 9110, 7.6.1); what the context has for the callee is added. A response of any status
/// is an answer, and one of 400 and above says so as the context's [outcome](Context::set_outcome). Its body is read after
/// the call has returned, as in [`endpoint_with`](super::BindingBuilder::endpoint_with).
///
/// In a server the headers of a request are in the context. A proxy copies them, and gives the call a child context:
///
/// ```
/// use kit_core::{ChildLayer, Context, Endpoint as _, Error, Method, endpoint_with};
/// use kit_transport::http::{Request, client::{Client, Config}};
///
/// static ANY: Method = Method::new("backend", "any");
///
/// let client = Client::new(Config::default())?;
/// let backend = client.raw(&"http://127.0.0.1:8081".parse()?).layer(ChildLayer::new(&ANY));
/// let proxy = endpoint_with(backend, async |backend, cx, mut request: Request| {
///     *request.headers_mut() = cx.inbound().headers().clone();
///     backend.call(cx, request).await
/// });
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of the table of [the module](super#errors) that say there was no answer.
///
/// # Cancel safety
/// As [`Binding`](super::Binding).
#[derive(Clone, Debug)]
pub struct Raw<At = Arc<Channel>> {
    at: At,
}

impl<At> Raw<At> {
    pub(super) fn new(at: At) -> Self {
        Self { at }
    }
}

impl Endpoint<Request> for Raw {
    type Response = Response;

    fn call(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Response, Error>> + Send {
        pass(cx, &*self.at, request)
    }
}

impl Endpoint<Routed<Arc<Channel>, Request>> for Raw<Picked> {
    type Response = Response;

    fn call(
        &self,
        cx: &mut Context,
        routed: Routed<Arc<Channel>, Request>,
    ) -> impl Future<Output = Result<Response, Error>> + Send {
        pass(cx, routed.channel, routed.request)
    }
}

async fn pass(cx: &mut Context, channel: impl Borrow<Channel> + Send, mut request: Request) -> Result<Response, Error> {
    let channel = channel.borrow();
    let mut call = Call::begin(cx, channel)?;
    // RFC 9110, 9.2.2: the verb says it, of whatever passes through; the method may say it of more.
    let idempotent = request.method().is_idempotent() || call.cx.method().is_some_and(Method::is_idempotent);
    let sent = address(&mut request, &call, channel).map(|()| call.send(request, idempotent));
    let result = match sent {
        Ok(sent) => within(call.deadline, pin!(read(&mut call, channel, sent))).await,
        Err(refused) => Some(Err(refused)),
    };
    call.end(result)
}

fn address(request: &mut Request, call: &Call<'_>, channel: &Channel) -> Result<(), Error> {
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let path = match &**channel.prefix() {
        "" => path,
        prefix => path_and_query(Bytes::from([prefix, path.as_str()].concat()))?,
    };
    headers::strip_connection(request.headers_mut());
    // Of the hop before: the client writes both anew.
    request.headers_mut().remove(http::header::HOST);
    request.headers_mut().remove(http::header::CONTENT_LENGTH);
    call.sign(request);
    *request.version_mut() = http::Version::HTTP_11;
    channel.address_for_wire(request, path);
    Ok(())
}

async fn read(call: &mut Call<'_>, channel: &Channel, sent: Sent) -> Result<Response, Error> {
    let (mut parts, body) = call.answer(sent).await?.into_parts();
    headers::strip_connection(&mut parts.headers);
    call.cx.set_inbound(Metadata::received(parts.headers.clone()));
    let failed = parts.status.is_client_error() || parts.status.is_server_error();
    let outcome = if failed { Outcome::of_code(code_of(parts.status)) } else { Outcome::Success };
    if failed {
        call.cx.set_outcome(outcome);
    }
    let body = stream::track(&mut call.cx, body, outcome, call.deadline, channel.target());
    Ok(Response::from_parts(parts, body))
}
